//! Version 1 of OCI's signatures: a draft for HTTP in which the date, the target
//! and the host are signed.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What is signed for a GET of `path` from `host`.
pub(super) fn text(date: &str, path: &str, host: &str) -> String {
    format!("date: {date}\n(request-target): get {path}\nhost: {host}")
}

/// The value of `Authorization` for the key called `id`.
pub(super) fn authorization(id: &str, signature: &[u8]) -> String {
    format!(
        "Signature version=\"1\",headers=\"date (request-target) host\",keyId=\"{id}\",algorithm=\"rsa-sha256\",signature=\"{}\"",
        STANDARD.encode(signature)
    )
}

/// `Sun, 05 Jan 2014 21:31:40 GMT`. There are no times before 1970.
pub(super) fn date(at: SystemTime) -> String {
    httpdate::fmt_http_date(at.max(UNIX_EPOCH))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ring::signature::{
        RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY as LEGACY, UnparsedPublicKey,
    };

    use super::*;

    /// The public half of the key in Oracle's documentation of signatures.
    const PUBLIC: &str = "MIGJAoGBAMIUQ0bDffIaKHL3akONlCGXQLfqs8mP4K99ILz6rbyHEDXrVAU1R3XfC4JNRyrRB3aqwF7/aEXJzYMIkmDSHUvvz7pnhQxHsQ5yl91QT0d/eb+Gz4VRHjm4El4MrUdIUcPxscoPqS/wU8Z8lOi1z7bGMnChiL7WGqnV8h6RrGzJAgMBAAE=";
    /// The signature that it gives for the GET there.
    const SIGNATURE: &str = "GBas7grhyrhSKHP6AVIj/h5/Vp8bd/peM79H9Wv8kjoaCivujVXlpbKLjMPeDUhxkFIWtTtLBj3sUzaFj34XE6YZAHc9r2DmE4pMwOAy/kiITcZxa1oHPOeRheC0jP2dqbTll8fmTZVwKZOKHYPtrLJIJQHJjNvxFWeHQjMaR7M=";

    #[test]
    fn the_signature_in_oracles_documentation_is_one_of_our_text() {
        let text = text(
            "Thu, 05 Jan 2014 21:31:40 GMT",
            "/20160918/instances?availabilityDomain=Pjwf%3A%20PHX-AD-1&compartmentId=ocid1.compartment.oc1..aaaaaaaam3we6vgnherjq5q2idnccdflvjsnog7mlr6rtdb25gilchfeyjxa&displayName=TeamXInstances&volumeId=ocid1.volume.oc1.phx.abyhqljrgvttnlx73nmrwfaux7kcvzfs3s66izvxf2h4lgvyndsdsnoiwr5q",
            "iaas.us-phoenix-1.oraclecloud.com",
        );
        let public = UnparsedPublicKey::new(&LEGACY, STANDARD.decode(PUBLIC).unwrap());
        let signature = STANDARD.decode(SIGNATURE).unwrap();
        public.verify(text.as_bytes(), &signature).unwrap();
        assert!(authorization("id", &signature).contains(SIGNATURE));
    }

    #[test]
    fn a_date_is_written_as_http_has_it() {
        for (seconds, expected) in [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (1_388_957_500, "Sun, 05 Jan 2014 21:31:40 GMT"),
            (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 GMT"),
        ] {
            let at = UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(date(at), expected);
        }
        let before = UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(date(before), "Thu, 01 Jan 1970 00:00:00 GMT");
    }
}
