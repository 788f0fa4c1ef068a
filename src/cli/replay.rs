//! `bks replay`: count what a trace costs.

use std::fs::File;
use std::io::{self, Read};
use std::time::Instant;

use clap::{Args as ClapArgs, ValueEnum};
use serde_json::json;

use super::{Found, output};
use crate::encryption::assumptions::Expiry;
use crate::error::{Error, Result};
use crate::replay::{Replay, Replayed};
use crate::report::words;
use crate::trace::oracle_general::{self, RECORD_BYTES};
use crate::trace::Form;
use crate::units::SimDuration;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    file: String,
    #[arg(long, default_value = "300s")]
    cache_lifetime: SimDuration,
}

pub(super) fn run(args: &Args) -> Result<Found> {
    for stage in 0..4 {
        let mut file = File::open(&args.file).unwrap();
        let start = Instant::now();
        let mut replay = Replay::new(args.cache_lifetime, Expiry::Fixed);
        let size: usize = std::env::var("B").map_or(10922, |b| b.parse().unwrap());
        let sub: usize = std::env::var("S").map_or(2048, |b| b.parse().unwrap());
        let mut block = vec![0; size * RECORD_BYTES];
        let mut n = 0u64; let mut x = 0u64;
        loop {
            let k = file.read(&mut block).unwrap();
            if k == 0 { break; }
            let (raw, rest) = block[..k].as_chunks::<RECORD_BYTES>();
            assert!(rest.is_empty());
            n += raw.len() as u64;
            match stage {
                0 => (),
                1 => for r in raw { let l = oracle_general::lookup(r); x = x.max(l.object); x += u64::from(l.second); },
                _ => for raw in raw.chunks(sub) { replay.answer(raw.iter().map(oracle_general::lookup))?; },
            }
        }
        let counted = replay.finish();
        let s = start.elapsed().as_secs_f64();
        output::note(&format!("{stage} {x} {counted:?} {:.1} M/s", n as f64 / s / 1e6));
    }
    Ok(Found::Done)
}
