//! The walk through a value and all that it refers to.

use std::collections::BTreeSet;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::failure::Nowhere;
use super::reference::{Piece, Reference, pieces};
use super::{Position, Resolver, Treatment, is_closed};
use crate::error::Result;
use crate::scope::{Site, Target};
use crate::secret::append;
use crate::secret_set::Syntax;

/// More levels than any sane store has, and few enough for every stack.
const DEEPEST: usize = 100;

/// Values that quote each other can grow without bound; this is where it ends, in bytes.
const LONGEST: usize = 4 << 20;

/// So many bytes are as much work as a reference.
const STRIDE: usize = 1 << 10;

/// Cut cycles cannot be remembered, so that a knot of them could be walked for
/// ever; this is where it ends, in references followed.
const MOST_WORK: usize = 100_000;

/// What a value or a reference becomes.
pub(super) enum Text {
    /// An environment must be supplied first.
    Pending,
    /// The text, and whether it is the same wherever it is asked for: not so
    /// if a cycle was cut inside it.
    Ready(Arc<Zeroizing<String>>, bool),
}

/// One walk through a value: the secrets we are inside of, and what is needed.
pub(super) struct Walk {
    pub(super) chain: Vec<Position>,
    pub(super) needs: BTreeSet<Target>,
}

impl Resolver {
    /// `value`, that of the secret at `holder`, with its references replaced.
    pub(super) fn expand(
        &mut self,
        holder: Position,
        value: &str,
        walk: &mut Walk,
    ) -> Result<Text> {
        let syntax = self.world[holder.environment].set.syntax(holder.secret);
        let mut out = Zeroizing::new(String::with_capacity(value.len()));
        let mut pending = false;
        let mut stable = true;
        for piece in pieces(value, syntax) {
            let reference = match piece {
                Piece::Text(text) => {
                    append(&mut out, text);
                    continue;
                }
                Piece::Reference(reference) => reference,
            };
            let found = match self.follow(holder, syntax, &reference, walk)? {
                Ok(Text::Ready(text, _)) if out.len() + text.len() > LONGEST => {
                    Err(Nowhere::Growth)
                }
                found => found,
            };
            match found {
                Ok(Text::Pending) => pending = true,
                Ok(Text::Ready(text, same)) => {
                    stable &= same;
                    self.work += text.len() / STRIDE;
                    append(&mut out, &text);
                }
                Err(nowhere) => {
                    append(&mut out, reference.text);
                    // A strict run fails anyway, and need not be exact.
                    stable &= !(self.lenient && matches!(nowhere, Nowhere::Circle(_)));
                    self.fail(&walk.chain, &reference, nowhere);
                }
            }
        }
        Ok(if pending {
            Text::Pending
        } else {
            Text::Ready(Arc::new(out), stable)
        })
    }

    /// What does not decrypt is an error, or a reference that leads nowhere.
    fn bear<T>(&self, opened: Result<T>) -> Result<Result<T, Nowhere>> {
        match opened {
            Err(error) if self.partial && is_closed(&error) => {
                Ok(Err(Nowhere::Missing(error.to_string())))
            }
            opened => opened.map(Ok),
        }
    }

    /// Remembers that `reference`, in the last secret of `chain`, leads nowhere.
    fn fail(&mut self, chain: &[Position], reference: &Reference<'_>, nowhere: Nowhere) {
        let name = |position: &Position| {
            let set = &self.world[position.environment].set;
            set.entry(position.secret).name.to_owned()
        };
        let names: Vec<String> = chain.iter().map(name).collect();
        if let Some(&holder) = chain.last() {
            self.failures.add(holder, &names, reference, nowhere);
        }
    }

    /// What `reference`, found in the secret at `holder`, stands for.
    fn follow(
        &mut self,
        holder: Position,
        syntax: Syntax,
        reference: &Reference<'_>,
        walk: &mut Walk,
    ) -> Result<Result<Text, Nowhere>> {
        let missing = |reason: String| {
            Ok(Err(if syntax != Syntax::Phase || reference.is_plain() {
                Nowhere::Missing(reason)
            } else {
                Nowhere::NotMeant
            }))
        };
        if self.treatment == Treatment::Check || syntax == Syntax::InfisicalLeft {
            return missing("the server could not resolve it".to_owned());
        }
        let home = &self.world[holder.environment];
        let site = reference.site(&home.place, home.set.entry(holder.secret).folder);
        let site = self.world.canonical(site);
        let environment = match self.world.site(&site, reference.key) {
            Some(Ok(environment)) => environment,
            Some(Err(reason)) => return missing(reason.to_owned()),
            None => {
                let key = reference.key.to_owned();
                walk.needs.insert(Target { key, site });
                return Ok(Ok(Text::Pending));
            }
        };
        let set = Arc::clone(&self.world[environment].set);
        let found = set.find(&site.folder, reference.key);
        let secret = match self.bear(found)? {
            Ok(Some(secret)) => secret,
            Ok(None) => {
                let Site { folder, place } = site;
                let (key, environment) = (reference.key, place.environment);
                return missing(format!("there is no {key} in {folder} of {environment}"));
            }
            Err(nowhere) => return Ok(Err(nowhere)),
        };
        let position = Position {
            environment,
            secret,
        };
        self.enter(position, walk)
    }

    /// The text of the secret at `position`, all its references replaced.
    fn enter(&mut self, position: Position, walk: &mut Walk) -> Result<Result<Text, Nowhere>> {
        if let Some(text) = self.known.get(&position) {
            return Ok(Ok(Text::Ready(Arc::clone(text), true)));
        }
        if self.pending.contains(&position) {
            return Ok(Ok(Text::Pending));
        }
        if self.work > MOST_WORK {
            return Ok(Err(Nowhere::Circle("there are too many references")));
        }
        self.work += 1;
        if walk.chain.contains(&position) {
            return Ok(Err(Nowhere::Circle("it leads back to where it stands")));
        }
        if walk.chain.len() >= DEEPEST {
            return Ok(Err(Nowhere::Circle("references nest too deeply")));
        }
        let set = Arc::clone(&self.world[position.environment].set);
        let value = match self.bear(set.value(position.secret))? {
            Ok((value, _)) => value,
            Err(nowhere) => return Ok(Err(nowhere)),
        };
        walk.chain.push(position);
        let text = self.expand(position, value.expose(), walk)?;
        walk.chain.pop();
        match &text {
            Text::Pending => {
                self.pending.insert(position);
            }
            Text::Ready(text, true) => {
                self.known.insert(position, Arc::clone(text));
            }
            Text::Ready(_, false) => {}
        }
        Ok(Ok(text))
    }
}
