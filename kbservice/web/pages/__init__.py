"""The pages that people see: the same service calls as the API, rendered as HTML."""
