//! What a run writes while it works: metrics, TensorBoard events, rollouts; and how it is read back.
