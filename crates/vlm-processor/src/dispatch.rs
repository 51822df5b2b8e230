//! The one place that asks which vector instructions the machine has.
//!
//! [`Cut::fill`] is plain safe Rust that the compiler vectorises. Here it is compiled once for every machine and
//! once each for AVX2 and AVX-512, and the widest version the processor reports is called. All give the same
//! bytes: integer sums are exact and every `f32` operation is a single correctly rounded one.

use crate::patches::{Cut, Worker};

/// Fills one band with the best code for this machine; see [`Cut::fill`].
pub(crate) fn fill_band(cut: &Cut<'_>, worker: &mut Worker, place: (usize, usize), band: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    {
        if std::arch::is_x86_feature_detected!("avx512bw") && std::arch::is_x86_feature_detected!("avx512vl")
        {
            // SAFETY: the processor has just reported the features that the function is compiled for.
            return unsafe { fill_avx512(cut, worker, place, band) };
        }
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: as above.
            return unsafe { fill_avx2(cut, worker, place, band) };
        }
    }
    cut.fill(worker, place, band);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn fill_avx2(cut: &Cut<'_>, worker: &mut Worker, place: (usize, usize), band: &mut [f32]) {
    cut.fill(worker, place, band);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,avx512f,avx512bw,avx512vl")]
fn fill_avx512(cut: &Cut<'_>, worker: &mut Worker, place: (usize, usize), band: &mut [f32]) {
    cut.fill(worker, place, band);
}
