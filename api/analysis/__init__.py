"""The analyses: plain functions from a connection, the clocks and the filters to data. docs/analyses.md defines each measure.

`question` is what is asked and found, `folding` whose a stance is, `latest` which of several positions is a party's stance,
`footing` what an answer rests on; every other module is one analysis.
"""
