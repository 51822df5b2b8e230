//! Hot tensor operations with hand-written backward passes for burn.
