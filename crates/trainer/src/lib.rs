//! The step loop: SFT, DPO, GRPO and Reinforce++ on any burn module.
