"""The contract as a document: OpenAPI, what describes the flat tables, and their pages."""
