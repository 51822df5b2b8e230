//! Checkpoints that released versions wrote still load.

use std::path::Path;

use checkpoint::{RealFs, Store};

/// `tests/reference/manifest.py` wrote it, from a description of the format and not with this crate.
#[test]
fn manifest_version_1_loads() {
    let run = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data-fixtures/runs/manifest-1");
    let loaded = Store::new(RealFs, run).latest().unwrap().unwrap();
    assert_eq!(loaded.step(), 120);
    assert_eq!(loaded.meta().config_hash, "cde0fb0dec1400c54a0f7e7eafa73624c53e4da258bbd34b3380a0defeba95c1");
    assert_eq!((loaded.meta().seed, loaded.meta().data_cursor), (u64::MAX, 960));
    assert_eq!(loaded.meta().identities["reference"], "base");
    assert_eq!(loaded.names().collect::<Vec<_>>(), ["adapter_config.json", "trainer_state.json"]);
    assert_eq!(loaded.read("trainer_state.json").unwrap(), b"{\"global_step\": 120}\n");
}
