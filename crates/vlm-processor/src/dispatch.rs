//! The one place that asks which vector instructions the machine has.
//!
//! A [`Task`] is plain safe Rust that the compiler vectorises. Here it is compiled once for every machine and
//! once each for AVX2 and AVX-512, and the widest version the processor reports is called. All give the same
//! bytes: integer sums are exact and every `f32` operation is a single correctly rounded one.

/// Work whose loops gain from wide vectors.
pub(crate) trait Task {
    /// Does the work. To be marked `#[inline(always)]`, as all that it calls: only what is inlined is compiled for
    /// the wide instructions.
    fn run(self);
}

/// Runs the task with the best code for this machine.
pub(crate) fn run_widest(task: impl Task) {
    #[cfg(target_arch = "x86_64")]
    {
        if std::arch::is_x86_feature_detected!("avx512bw") && std::arch::is_x86_feature_detected!("avx512vl")
        {
            // SAFETY: the processor has just reported the features that the function is compiled for.
            return unsafe { run_avx512(task) };
        }
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: as above.
            return unsafe { run_avx2(task) };
        }
    }
    task.run();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn run_avx2(task: impl Task) {
    task.run();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,avx512f,avx512bw,avx512vl")]
fn run_avx512(task: impl Task) {
    task.run();
}
