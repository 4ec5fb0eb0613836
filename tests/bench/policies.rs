//! What the shipped default policy costs: the same figures with it and without any policy, in turns.

use crate::{figures::Figure, proxies::Ours};

const NONE: &str = "version = 1\nname = \"none\"\n";
const DEFAULT: &str = include_str!("../../policies/default.toml");
const FIGURES: [Figure; 4] = [Figure::Small, Figure::LargeNext, Figure::Burst, Figure::Rate];

pub async fn compare(program: &str, upstream: &str, rounds: usize) {
    let (bare, default) = (Ours::start(program, upstream, NONE), Ours::start(program, upstream, DEFAULT));
    println!("\n{:<44} {:>10} {:>10} {:>8}   aim", "the default policy", "without", "with", "ratio");
    for figure in FIGURES {
        let (mut without, mut with) = (Vec::new(), Vec::new());
        for round in 0..rounds {
            for side in [round % 2, 1 - round % 2] {
                let (ours, measured) = if side == 0 { (&bare, &mut without) } else { (&default, &mut with) };
                measured.push(figure.measure(&ours.base, &ours.pids(), upstream).await);
            }
        }
        let mut ratios: Vec<f64> = with.iter().zip(&without).map(|(with, without)| with / without).collect();
        let (without, with, ratio) = (median(&mut without), median(&mut with), median(&mut ratios));
        let aim = if figure == Figure::Rate { "≥ 0.85" } else { "≤ 1.15" };
        println!("{:<44} {without:>10.3} {with:>10.3} {ratio:>8.2}   {aim}", figure.name());
    }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
