//! Advantages, policy-gradient and preference losses as pure functions, and the traits that compose them.
