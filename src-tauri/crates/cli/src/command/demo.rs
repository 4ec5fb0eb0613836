//! `demo`
use super::Outcome;
use crate::{arguments::Demo, config::Settings};
use anyhow::Result;

pub async fn demo(_: Settings, _: Demo) -> Result<Outcome> {
    Ok(Outcome::Done)
}
