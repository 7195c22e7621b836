"""The analyses: plain functions from a connection, the clocks and the filters to data. docs/analyses.md defines each measure.

`question` defines questions and findings, `folding` which parties a stance counts for, `latest` which of several positions is a
party's stance, and `footing` what an answer rests on. Every other module is one analysis.
"""
