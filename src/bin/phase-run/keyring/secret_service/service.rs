//! The calls of the Secret Service, one function each.
//!
//! <https://specifications.freedesktop.org/secret-service/0.2/>

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::pin;

use futures_util::Stream as _;
use zbus::message::{Message, Type};
use zbus::{
    Connection, MatchRule, MessageStream, ObjectPath, OwnedObjectPath, OwnedVariant, Structure,
    Variant,
};

const NAME: &str = "org.freedesktop.secrets";
const SERVICE: &str = "org.freedesktop.Secret.Service";
const COLLECTION: &str = "org.freedesktop.Secret.Collection";
const ITEM: &str = "org.freedesktop.Secret.Item";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";
const PROMPT: &str = "org.freedesktop.Secret.Prompt";

/// Where the service itself is.
const ROOT: &str = "/org/freedesktop/secrets";

/// What an item is found by.
pub(super) type Attributes<'a> = HashMap<&'a str, &'a str>;

/// A session, parameters of its encryption, the value, and what it is.
type Secret = (OwnedObjectPath, Vec<u8>, Vec<u8>, String);

/// Why a call has no result.
pub(super) enum Refusal {
    Bus(zbus::Error),
    /// The user was asked for a password, and gave none.
    Dismissed,
    NoCollection,
}

impl From<zbus::Error> for Refusal {
    fn from(error: zbus::Error) -> Self {
        Self::Bus(error)
    }
}

/// The service, in a session without encryption.
pub(super) struct Service {
    bus: Connection,
    session: OwnedObjectPath,
}

impl Service {
    pub(super) async fn open(bus: Connection) -> Result<Self, Refusal> {
        let session = ObjectPath::from_static_str_unchecked("/").into();
        let mut service = Self { bus, session };
        let body = ("plain", Variant::from(""));
        let answer = service.call(ROOT, SERVICE, "OpenSession", body).await?;
        let (_, session): (OwnedVariant, OwnedObjectPath) = answer.body().deserialize()?;
        service.session = session;
        Ok(service)
    }

    /// The items with at least these attributes: unlocked ones, and locked ones.
    pub(super) async fn search(
        &self,
        attributes: &Attributes<'_>,
    ) -> Result<(Vec<OwnedObjectPath>, Vec<OwnedObjectPath>), Refusal> {
        let body = (attributes.clone(),);
        let answer = self.call(ROOT, SERVICE, "SearchItems", body).await?;
        Ok(answer.body().deserialize()?)
    }

    /// Unlocks an item or a collection, which may ask the user.
    pub(super) async fn unlock(&self, path: &ObjectPath<'_>) -> Result<(), Refusal> {
        let body = (vec![path.clone()],);
        let answer = self.call(ROOT, SERVICE, "Unlock", body).await?;
        let (_, prompt): (Vec<OwnedObjectPath>, OwnedObjectPath) = answer.body().deserialize()?;
        self.prompt(&prompt).await
    }

    /// What an item holds.
    pub(super) async fn secret(&self, item: &ObjectPath<'_>) -> Result<Vec<u8>, Refusal> {
        let body = (self.session.as_ref(),);
        let answer = self.call(item, ITEM, "GetSecret", body).await?;
        let ((_, _, value, _),): (Secret,) = answer.body().deserialize()?;
        Ok(value)
    }

    /// When an item was changed last, in seconds.
    pub(super) async fn changed(&self, item: &ObjectPath<'_>) -> Result<u64, Refusal> {
        let body = (ITEM, "Modified");
        let answer = self.call(item, PROPERTIES, "Get", body).await?;
        let (changed,): (OwnedVariant,) = answer.body().deserialize()?;
        Ok(u64::try_from(changed)?)
    }

    /// Where new items go.
    pub(super) async fn default_collection(&self) -> Result<OwnedObjectPath, Refusal> {
        let answer = self.call(ROOT, SERVICE, "ReadAlias", ("default",)).await?;
        let (path,): (OwnedObjectPath,) = answer.body().deserialize()?;
        if is_none(&path) {
            return Err(Refusal::NoCollection);
        }
        Ok(path)
    }

    /// Makes an item, in the place of one with the same attributes.
    pub(super) async fn create(
        &self,
        collection: &ObjectPath<'_>,
        attributes: &Attributes<'_>,
        label: &str,
        secret: &[u8],
    ) -> Result<(), Refusal> {
        let properties = HashMap::from([
            ("org.freedesktop.Secret.Item.Label", Variant::from(label)),
            (
                "org.freedesktop.Secret.Item.Attributes",
                Variant::from(attributes.clone()),
            ),
        ]);
        let none: &[u8] = &[];
        let secret = (self.session.as_ref(), none, secret, "text/plain");
        let body = (properties, Structure::from(secret), true);
        let answer = self.call(collection, COLLECTION, "CreateItem", body);
        let answer = answer.await?;
        let (_, prompt): (OwnedObjectPath, OwnedObjectPath) = answer.body().deserialize()?;
        self.prompt(&prompt).await
    }

    /// Removes an item.
    pub(super) async fn delete(&self, item: &ObjectPath<'_>) -> Result<(), Refusal> {
        let answer = self
            .bus
            .call_method(Some(NAME), item.as_str(), Some(ITEM), "Delete", &());
        let (prompt,): (OwnedObjectPath,) = answer.await?.body().deserialize()?;
        self.prompt(&prompt).await
    }

    /// Has the user asked, if `prompt` is a question, and waits for the answer.
    async fn prompt(&self, prompt: &ObjectPath<'_>) -> Result<(), Refusal> {
        if is_none(prompt) {
            return Ok(());
        }
        let rule = MatchRule::builder()
            .msg_type(Type::Signal)
            .interface(PROMPT)
            .member("Completed")
            .path(prompt.clone())
            .build()?;
        // Before the question: it may be answered at once.
        let mut answers = pin!(MessageStream::for_match_rule(rule, &self.bus, None).await?);
        self.call(prompt, PROMPT, "Prompt", ("",)).await?;
        let Some(answer) = poll_fn(|context| answers.as_mut().poll_next(context)).await else {
            return Err(Refusal::Dismissed);
        };
        let (dismissed, _): (bool, OwnedVariant) = answer?.body().deserialize()?;
        if dismissed {
            return Err(Refusal::Dismissed);
        }
        Ok(())
    }

    /// All bodies are put into one type: for each more there would be a copy of
    /// all that a call takes.
    async fn call<'b>(
        &self,
        path: &str,
        interface: &str,
        method: &str,
        body: impl Into<Structure<'b>>,
    ) -> Result<Message, Refusal> {
        self.send(path, interface, method, body.into()).await
    }

    async fn send(
        &self,
        path: &str,
        interface: &str,
        method: &str,
        body: Structure<'_>,
    ) -> Result<Message, Refusal> {
        let answer = self
            .bus
            .call_method(Some(NAME), path, Some(interface), method, &body);
        // Boxed, since it would be copied to each caller.
        Ok(Box::pin(answer).await?)
    }
}

/// Whether it is the path that stands for no object.
fn is_none(path: &ObjectPath<'_>) -> bool {
    path.as_str() == "/"
}
