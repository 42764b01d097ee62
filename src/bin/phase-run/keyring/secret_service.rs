//! The keyring of Linux desktops: the Secret Service on the session bus.
//!
//! Secrets cross the bus as they are, as those of Phase's own CLI do: whoever
//! may listen there may ask the keyring itself.

mod service;

use std::time::Duration;

use phase_run::SecretValue;
use zbus::{OwnedObjectPath, fdo};

use self::service::{Refusal, Service};
use super::{Entry, Keyring};
use crate::fetch::complete;

/// So long a question may take. Somebody may have to type a password meanwhile.
const PATIENCE: Duration = Duration::from_mins(1);

pub(super) fn read(keyring: &Keyring, entry: Entry<'_>) -> Result<Option<SecretValue>, String> {
    let bytes = ask(keyring, async |service| {
        let (unlocked, locked) = service.search(&attributes(entry)).await?;
        let item = if let Some(item) = newest(service, unlocked).await? {
            item
        } else if let Some(item) = newest(service, locked).await? {
            service.unlock(&item).await?;
            item
        } else {
            return Ok(None);
        };
        service.secret(&item).await.map(Some)
    })?;
    let text = bytes.map(String::from_utf8).transpose();
    let text = text.map_err(|_| format!("its entry {} holds no text", entry.service))?;
    Ok(text.map(SecretValue::new))
}

pub(super) fn write(
    keyring: &Keyring,
    entry: Entry<'_>,
    label: &str,
    secret: &SecretValue,
) -> Result<(), String> {
    ask(keyring, async |service| {
        let collection = service.default_collection().await?;
        service.unlock(&collection).await?;
        let secret = secret.expose().as_bytes();
        service
            .create(&collection, &attributes(entry), label, secret)
            .await
    })
}

pub(super) fn delete(keyring: &Keyring, entry: Entry<'_>) -> Result<bool, String> {
    ask(keyring, async |service| {
        let (unlocked, locked) = service.search(&attributes(entry)).await?;
        for item in &locked {
            service.unlock(item).await?;
        }
        for item in unlocked.iter().chain(&locked) {
            service.delete(item).await?;
        }
        Ok(!(unlocked.is_empty() && locked.is_empty()))
    })
}

fn attributes(entry: Entry<'_>) -> service::Attributes<'_> {
    [("service", entry.service), ("username", entry.username)].into()
}

/// The one changed last: several programs may have written the same attributes.
async fn newest(
    service: &Service,
    items: Vec<OwnedObjectPath>,
) -> Result<Option<OwnedObjectPath>, Refusal> {
    if items.len() < 2 {
        return Ok(items.into_iter().next());
    }
    let mut dated = Vec::with_capacity(items.len());
    for item in items {
        dated.push((service.changed(&item).await?, item));
    }
    let newest = dated.into_iter().max_by_key(|(changed, _)| *changed);
    Ok(newest.map(|(_, item)| item))
}

/// Asks the service, on a connection for this one question.
fn ask<T>(
    keyring: &Keyring,
    question: impl AsyncFnOnce(&Service) -> Result<T, Refusal>,
) -> Result<T, String> {
    let bus = keyring
        .bus
        .as_deref()
        .ok_or("there is no session bus: DBUS_SESSION_BUS_ADDRESS is not set")?;
    let talk = async {
        let bus = zbus::connection::Builder::address(bus).build().await;
        let bus = bus.map_err(|error| format!("the session bus cannot be reached: {error}"))?;
        let service = Service::open(bus).await.map_err(|why| told(&why))?;
        question(&service).await.map_err(|why| told(&why))
    };
    match complete(async { tokio::time::timeout(PATIENCE, talk).await }) {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => Err(format!("it did not answer within {} s", PATIENCE.as_secs())),
        Err(failure) => Err(failure.to_string()),
    }
}

fn told(why: &Refusal) -> String {
    match why {
        Refusal::Bus(zbus::Error::FDO(error))
            if matches!(**error, fdo::Error::ServiceUnknown(_)) =>
        {
            "nobody offers the Secret Service on the session bus".to_owned()
        }
        Refusal::Bus(error) => error.to_string(),
        Refusal::Dismissed => "it is locked, and its password was not given".to_owned(),
        Refusal::NoCollection => "it has no default collection to put things into".to_owned(),
    }
}
