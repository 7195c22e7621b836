"""The contract as a document: OpenAPI, its page, and the descriptors of the flat tables."""
