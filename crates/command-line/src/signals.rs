//! The first Ctrl-C asks a run to finish its step and save; the second ends it at once.

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use trainer::engine::Stop;

/// What the signals have asked for.
pub struct Signals {
    caught: Arc<AtomicUsize>,
}

impl Signals {
    /// Passes SIGINT and SIGTERM on to `stop`.
    pub fn forward(stop: Stop) -> io::Result<Self> {
        let caught = Arc::new(AtomicUsize::new(0));
        let asked = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            // In this order: the second signal finds the flag of the first.
            flag::register_conditional_shutdown(signal, 128 + signal, asked.clone())?;
            flag::register(signal, asked.clone())?;
            flag::register_usize(signal, caught.clone(), signal as usize)?;
        }
        std::thread::spawn(move || {
            while !asked.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(50));
            }
            stop.request();
        });
        Ok(Self { caught })
    }

    /// The exit code that says which signal ended the run, if one did.
    pub fn exit_code(&self) -> Option<u8> {
        match self.caught.load(Ordering::SeqCst) {
            0 => None,
            signal => Some(128 + signal as u8),
        }
    }
}
