//! The least that decrypting takes: two X25519 for each of N secrets, by the
//! fastest crate, on one core. `bound N` prints microseconds.

use std::time::Instant;

use graviola::key_agreement::x25519::{PublicKey, StaticPrivateKey};

fn main() {
    let count: usize = std::env::args()
        .nth(1)
        .and_then(|text| text.parse().ok())
        .unwrap_or(1_000);
    let ours = StaticPrivateKey::from_array(&[7; 32]);
    let theirs = StaticPrivateKey::from_array(&[9; 32]).public_key();
    let theirs = PublicKey::from_array(&theirs.as_bytes());
    // The best of a few: what else runs on the machine is not part of the bound.
    let best = (0..9).map(|_| {
        let start = Instant::now();
        for _ in 0..2 * count {
            std::hint::black_box(ours.diffie_hellman(std::hint::black_box(&theirs)).is_ok());
        }
        start.elapsed().as_micros()
    });
    println!("{}", best.min().unwrap_or_default());
}
