//! MAYE: Reinforce++ for vision-language models, with a standard evaluation scheme.

fn main() {}
