//! What `anneal doctor` says of the devices of this machine.

use super::doctor::{Findings, Grade, size};
use command_line::machine;
use vlm_model::device::{Backend, DeviceFacts};

/// A line for every device, and one for every back end that has none.
pub(super) fn devices(findings: &mut Findings) {
    for backend in Backend::ALL {
        if backend == Backend::Cpu {
            findings.add(Grade::Ok, "device cpu", processor());
        } else if !backend.is_built() {
            let text = format!("not built in; `cargo build --release --features {backend}` adds it");
            findings.add(Grade::Note, format!("device {backend}"), text);
        } else {
            cards(backend, findings);
        }
    }
}

fn processor() -> String {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let free = machine::free_memory().map_or_else(String::new, |bytes| format!(", {} free", size(bytes)));
    format!("{threads} threads{free}; computes in f32")
}

fn cards(backend: Backend, findings: &mut Findings) {
    let found = backend.devices();
    if found.is_empty() {
        let text = "built in, but no driver shows a device (docs/devices.md)".to_owned();
        findings.add(Grade::Note, format!("device {backend}"), text);
    }
    for (index, device) in found.iter().enumerate() {
        let text = told(&DeviceFacts::of(device));
        findings.add(Grade::Ok, format!("device {backend}:{index}"), text);
    }
}

fn told(facts: &DeviceFacts) -> String {
    let name = facts.name.as_deref().unwrap_or("a card without a name");
    let memory = facts
        .memory
        .map_or_else(|| "memory not told".to_owned(), |bytes| format!("{} of memory", size(bytes)));
    let largest =
        facts.largest_tensor.map_or_else(String::new, |bytes| format!(", tensors up to {}", size(bytes)));
    let attention = if facts.matrix_units {
        "attention may use its matrix units"
    } else {
        "attention without matrix units"
    };
    format!("{name}: {memory}{largest}; computes in {}; {attention}", facts.types.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_card_does_not_tell_is_said_to_be_unknown() {
        let facts =
            DeviceFacts { name: Some("Card".into()), types: vec!["f32", "f16"], ..DeviceFacts::default() };
        assert_eq!(
            told(&facts),
            "Card: memory not told; computes in f32, f16; attention without matrix units"
        );
        let facts = DeviceFacts {
            memory: Some(80 << 30),
            largest_tensor: Some(20 << 30),
            matrix_units: true,
            ..facts
        };
        assert!(told(&facts).starts_with("Card: 80.0 GiB of memory, tensors up to 20.0 GiB; "));
        assert!(told(&facts).ends_with("attention may use its matrix units"));
    }
}
