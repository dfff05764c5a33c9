//! Runs a fuzz target as an ordinary test: over its corpus, and over mutations of it that a seed decides.
//!
//! `CAIRN_FUZZ_RUNS` asks for more mutations a target.

#![allow(
    unreachable_pub,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a test includes it, tells the input that fails, and is asked for campaigns by a variable"
)]

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};

/// What a decoder's author may not have thought of.
const TOKENS: [&[u8]; 24] = [
    b"0",
    b"-1",
    b"18446744073709551615",
    b"18446744073709551616",
    b"-9223372036854775808",
    b"9223372036854775807",
    b"2147483648",
    b"1e999",
    b"1.5",
    b"null",
    b"\"\"",
    b"{}",
    b"[]",
    b"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    b"((((((((((((((((((((((((((((((((",
    b"\\u0000",
    b"\\ud800",
    b"\0",
    b"\xff\xfe",
    b"\xc3\xbc",
    b"'",
    b"/../",
    b"/*",
    b"\xf0\x9f\xa6\x80",
];

/// Checks `body` over `fuzz/corpus/<target>` and `mutations` inputs made from it. `body` panics when it finds a bug.
pub fn check(target: &str, mutations: usize, body: impl Fn(&[u8])) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
    let mut paths: Vec<PathBuf> = std::fs::read_dir(&directory)
        .unwrap_or_else(|error| panic!("the corpus {}: {error}", directory.display()))
        .map(|entry| entry.expect("a corpus that can be listed").path())
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} is empty", directory.display());
    let seeds: Vec<Vec<u8>> =
        paths.iter().map(|path| std::fs::read(path).expect("a seed that can be read")).collect();
    for (path, seed) in paths.iter().zip(&seeds) {
        run(&path.display().to_string(), seed, &body);
    }
    let wanted = std::env::var("CAIRN_FUZZ_RUNS").ok().and_then(|text| text.parse().ok());
    for number in 0..wanted.unwrap_or(mutations) {
        let mut random = Random(number as u64 + 1);
        let mut input = seeds[random.below(seeds.len())].clone();
        for _ in 0..=random.below(4) {
            mutate(&mut input, &seeds, &mut random);
        }
        run(&format!("mutation {number} of {target}"), &input, &body);
    }
}

fn run(name: &str, input: &[u8], body: &impl Fn(&[u8])) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| body(input))) {
        let kept = std::env::temp_dir().join(format!("cairn-fuzz-{}", name.replace(['/', ' '], "-")));
        let kept =
            if std::fs::write(&kept, input).is_ok() { kept.display().to_string() } else { String::new() };
        let text = String::from_utf8_lossy(&input[..input.len().min(2000)]);
        eprintln!("{name}, kept in '{kept}': {text}");
        resume_unwind(panic);
    }
}

fn mutate(input: &mut Vec<u8>, seeds: &[Vec<u8>], random: &mut Random) {
    let at = random.below(input.len() + 1);
    let end = at + random.below((input.len() - at).min(64) + 1);
    match random.below(8) {
        0 if at < input.len() => input[at] ^= 1 << random.below(8),
        1 if at < input.len() => input[at] = [0, 1, 0x7f, 0x80, 0xff][random.below(5)],
        2 => input.truncate(at),
        3 => drop(input.drain(at..end)),
        4 => drop(input.splice(at..at, input[at..end].to_vec().repeat(1 + random.below(8)))),
        5 => {
            let other = &seeds[random.below(seeds.len())];
            let from = random.below(other.len() + 1);
            let to = from + random.below((other.len() - from).min(256) + 1);
            drop(input.splice(at..end, other[from..to].iter().copied()));
        }
        6 => {
            // A number becomes another.
            let digit = |byte: &u8| byte.is_ascii_digit();
            if let Some(from) = input.iter().skip(at).position(digit).map(|offset| at + offset) {
                let to = from + input[from..].iter().take_while(|byte| digit(byte)).count();
                drop(input.splice(from..to, TOKENS[random.below(9)].iter().copied()));
            }
        }
        _ => drop(input.splice(at..end, TOKENS[random.below(TOKENS.len())].iter().copied())),
    }
}

/// `SplitMix64`.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % bound as u64).unwrap_or(0)
    }
}
