//! How the fields are written whose types know nothing of JSON.

pub(super) mod folder {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::error::Result;
    use crate::scope::Folder;

    pub(crate) fn serialize<S: Serializer>(folder: &Folder, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(folder.as_str())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Folder, D::Error> {
        let text = String::deserialize(from)?;
        Folder::new(&text)
            .ok()
            .filter(|folder| folder.as_str() == text)
            .ok_or_else(|| D::Error::custom("not a normal path"))
    }
}

pub(super) mod kind {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::error::Result;
    use crate::secret::SecretType;

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde passes fields by reference"
    )]
    pub(crate) fn serialize<S: Serializer>(kind: &SecretType, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(kind.as_str())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<SecretType, D::Error> {
        SecretType::from_word(&String::deserialize(from)?)
            .ok_or_else(|| D::Error::custom("unknown type"))
    }
}

pub(super) mod recipients {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::error::Result;
    use crate::provider::vault::keys::VaultRecipient;

    pub(crate) fn serialize<S: Serializer>(
        all: &[VaultRecipient],
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_seq(all.iter().map(ToString::to_string))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<VaultRecipient>, D::Error> {
        let all = Vec::<String>::deserialize(from)?;
        all.iter()
            .map(|text| VaultRecipient::new(text).map_err(D::Error::custom))
            .collect()
    }
}

pub(super) mod value {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::error::Result;
    use crate::secret::SecretValue;

    pub(crate) fn serialize<S: Serializer>(value: &SecretValue, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(value.expose())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<SecretValue, D::Error> {
        String::deserialize(from).map(SecretValue::new)
    }
}
