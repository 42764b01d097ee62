//! X25519, by the fastest of two implementations that this processor can run.
//!
//! Almost all of the time of a run goes into it: each ciphertext has a key of
//! its own. `graviola` takes half the time of `x25519-dalek` but needs
//! instructions that older processors lack. A wrong result of either could not
//! pass the tag of the ciphertext.

use x25519_dalek::StaticSecret;
use zeroize::Zeroizing;

use super::crypto::Bytes;

/// The public key of `secret`.
pub(super) fn public(secret: &Bytes) -> Bytes {
    if fast::works() {
        fast::public(secret)
    } else {
        portable::public(secret)
    }
}

/// What `secret` and the public key `other` share; `None` if that is zero, as
/// for a key of small order.
pub(super) fn shared(secret: &Bytes, other: &Bytes) -> Option<Zeroizing<Bytes>> {
    if fast::works() {
        fast::shared(secret, other)
    } else {
        portable::shared(secret, other)
    }
}

mod portable {
    use super::{Bytes, StaticSecret, Zeroizing};

    pub(super) fn public(secret: &Bytes) -> Bytes {
        x25519_dalek::PublicKey::from(&StaticSecret::from(*secret)).to_bytes()
    }

    pub(super) fn shared(secret: &Bytes, other: &Bytes) -> Option<Zeroizing<Bytes>> {
        let shared = StaticSecret::from(*secret).diffie_hellman(&(*other).into());
        shared
            .was_contributory()
            .then(|| Zeroizing::new(shared.to_bytes()))
    }
}

#[cfg(any(target_arch = "aarch64", target_arch = "x86_64"))]
mod fast {
    use graviola::key_agreement::x25519::{PublicKey, StaticPrivateKey};
    pub(super) use graviola::util::is_cpu_supported as works;

    use super::{Bytes, Zeroizing};

    pub(super) fn public(secret: &Bytes) -> Bytes {
        StaticPrivateKey::from_array(secret).public_key().as_bytes()
    }

    pub(super) fn shared(secret: &Bytes, other: &Bytes) -> Option<Zeroizing<Bytes>> {
        let secret = StaticPrivateKey::from_array(secret);
        let shared = secret.diffie_hellman(&PublicKey::from_array(other)).ok()?;
        Some(Zeroizing::new(shared.as_bytes()))
    }
}

#[cfg(not(any(target_arch = "aarch64", target_arch = "x86_64")))]
mod fast {
    pub(super) use super::portable::{public, shared};

    pub(super) fn works() -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn both_implementations_agree(secret: Bytes, other: Bytes) {
            if !fast::works() {
                return Ok(());
            }
            prop_assert_eq!(fast::public(&secret), portable::public(&secret));
            for other in [other, portable::public(&other)] {
                prop_assert_eq!(fast::shared(&secret, &other), portable::shared(&secret, &other));
            }
        }
    }

    #[test]
    fn a_public_key_of_small_order_shares_nothing() {
        // From RFC 7748 § 6.1 and https://cr.yp.to/ecdh.html#validate.
        let order_8 = "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800";
        let order_8 = *super::super::crypto::unhex(order_8).unwrap();
        let mut one = [0; 32];
        one[0] = 1;
        for point in [[0; 32], one, order_8] {
            assert_eq!(portable::shared(&[7; 32], &point), None);
            assert_eq!(shared(&[7; 32], &point), None);
        }
    }
}
