//! The loop serves any module: a small network learns, stops, goes on, and survives numbers that are none.

mod network;
mod optimiser;
mod resuming;
mod spoiled;
