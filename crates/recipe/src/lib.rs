//! What a user asks for: YAML in, checked settings out.
