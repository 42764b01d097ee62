//! Which credentials these settings amount to.

use phase_run::LoginLookup;

use super::access::Access;
use super::infisical::Search;
use super::infisical::json::InfisicalJson;
use super::key::{key, vault};
use super::layers::{Layers, Origin, Spelling};
use super::parse::word;
use super::places::Places;
use super::source::{Source, token};
use super::{ProcessContext, login, machine, phase, place};
use crate::args::{Context, ProviderName, Way};
use crate::exit::{Failure, Reason};

const PROVIDER: Spelling<ProviderName> = Spelling {
    name: "provider",
    flag: "--provider",
    variables: &["PHASE_RUN_PROVIDER"],
    file: |content| content.provider,
};

/// What opens the store, and where it came from.
#[derive(Debug)]
pub(super) struct Chosen {
    pub(super) access: Access,
    /// Infisical's own project file, where it counts.
    pub(super) beside: Option<InfisicalJson>,
    pub(super) provider: ProviderName,
    /// `None` for a vault.
    pub(super) token: Option<Origin>,
}

/// All that there is of credentials, for any provider.
pub(super) struct Given<'a> {
    /// The word of a cloud for an account of Phase.
    pub(super) cloud: Option<(Way, Origin)>,
    infisical: LoginLookup,
    pub(super) search: Search<'a>,
    pub(super) token: Option<Source>,
}

/// The credentials for what was asked, with their provider.
///
/// # Errors
///
/// There are none, there are those of two providers, or they cannot be read.
pub(super) fn credentials(
    args: &Context,
    layers: &Layers<'_>,
    places: &Places,
    process: &ProcessContext<'_>,
    warnings: &mut Vec<String>,
) -> Result<Chosen, Failure> {
    let chosen = layers.first(args.provider, &PROVIDER, word)?;
    let given = given(args, layers, places, process, chosen.as_ref())?;
    let (provider, origin) = match chosen {
        Some(chosen) => chosen,
        None => (given.provider(true)?, Origin::Default),
    };
    if let Some(odd) = given.odd().filter(|_| provider != ProviderName::Infisical) {
        let by = Origin::Named("for Infisical".to_owned());
        layers.note("login (not used)", odd, by);
    }
    match provider {
        ProviderName::Infisical => given.search.chosen(given.infisical, origin, warnings),
        ProviderName::Phase => phase::chosen(given, origin, warnings),
        ProviderName::Vault => {
            layers.note("provider", "vault", origin);
            let mut key = key(args, layers, places.configuration.as_deref(), None)?;
            warnings.append(&mut key.warnings);
            let owners = key.owners.clone();
            let credentials = key.into_credentials()?;
            Ok(Chosen {
                access: Access::Vault(credentials, owners),
                beside: None,
                provider,
                token: None,
            })
        }
    }
}

/// The provider at which somebody has an account: not a vault, even where one is
/// in use.
///
/// # Errors
///
/// There are credentials for two, or they cannot be read.
pub(super) fn with_account(
    args: &Context,
    layers: &Layers<'_>,
    places: &Places,
    process: &ProcessContext<'_>,
) -> Result<ProviderName, Failure> {
    given(args, layers, places, process, None)?.provider(false)
}

/// What there is, of the providers that may be meant.
fn given<'a>(
    args: &'a Context,
    layers: &'a Layers<'a>,
    places: &'a Places,
    process: &'a ProcessContext<'a>,
    chosen: Option<&(ProviderName, Origin)>,
) -> Result<Given<'a>, Failure> {
    // A file on the command line is meant, whatever a variable says.
    let way = match args.token_file {
        Some(_) if args.machine.auth.is_none() => None,
        _ => machine::way(args, layers)?,
    };
    let meant = chosen.map(|(provider, _)| *provider);
    let search = Search {
        args,
        layers,
        meant: meant == Some(ProviderName::Infisical),
        places,
        way: way.clone(),
        process,
    };
    let infisical = match meant {
        None | Some(ProviderName::Infisical) => search.given()?,
        Some(_) => LoginLookup::Absent,
    };
    let is_there = matches!(infisical, LoginLookup::Found(_));
    let is_infisicals = is_there && search.takes_file();
    let file = args.token_file.as_ref().filter(|_| !is_infisicals);
    let token = token(file, layers);
    let cloud = way.filter(|(way, _)| match way {
        Way::AwsIam | Way::Azure => !is_there,
        _ => false,
    });
    Ok(Given {
        cloud,
        infisical,
        search,
        token,
    })
}

impl Given<'_> {
    /// The only provider that there are credentials for; `vaults` says whether
    /// a vault counts.
    ///
    /// # Errors
    ///
    /// There are those of two.
    fn provider(&self, vaults: bool) -> Result<ProviderName, Failure> {
        let Search { args, layers, .. } = &self.search;
        let mut there = Vec::new();
        if let Some((_, origin)) = &self.cloud {
            there.push((
                ProviderName::Phase,
                format!("the word of a cloud ({origin})"),
            ));
        } else if let Some(token) = &self.token {
            let text = format!("a Phase token ({})", token.named_by());
            there.push((ProviderName::Phase, text));
        }
        if let LoginLookup::Found(found) = &self.infisical {
            let text = format!("an Infisical login ({})", found.origin);
            there.push((ProviderName::Infisical, text));
        }
        if let Some((vault, _)) = vault(args, layers).filter(|_| vaults) {
            let text = format!("the vault {}", vault.display());
            there.push((ProviderName::Vault, text));
        }
        match &there[..] {
            [] => self.by_login(),
            [(provider, _)] => Ok(*provider),
            [(one, first), (other, second), ..] => Err(two(first, second).help(format!(
                "say which with --provider {} or --provider {}",
                one.word(),
                other.word()
            ))),
        }
    }

    /// What of a login for Infisical is there, and of no use.
    fn odd(&self) -> Option<&str> {
        match &self.infisical {
            LoginLookup::Unusable(why) => Some(why),
            _ => None,
        }
    }

    /// The provider at which somebody is logged in, or else the one that may be
    /// meant. A login is there all the time, so that what lies beside it may have
    /// to tell which is meant.
    fn by_login(&self) -> Result<ProviderName, Failure> {
        let Search { layers, places, .. } = &self.search;
        let at_phase = login::exist(places);
        let at_infisical = match self.search.has_cli_login() {
            Ok(there) => there,
            // What is wrong with it is told to those who have no other login.
            Err(_) => !at_phase,
        };
        if !at_infisical {
            let meant = !at_phase && self.search.is_named();
            return Ok(if meant {
                ProviderName::Infisical
            } else {
                ProviderName::Phase
            });
        }
        if !at_phase {
            return Ok(ProviderName::Infisical);
        }
        let of_infisical =
            layers.variable_os("INFISICAL_PROJECT_ID").is_some() || self.search.beside()?.is_some();
        let of_phase = place::is_of_phase(layers, self.search.process)?;
        if of_infisical != of_phase {
            return Ok(if of_phase {
                ProviderName::Phase
            } else {
                ProviderName::Infisical
            });
        }
        Err(two("a login at Phase", "one at Infisical")
            .help("say which with --provider phase or --provider infisical"))
    }
}

fn two(one: &str, other: &str) -> Failure {
    let text = format!("there are credentials of two providers: {one} and {other}");
    Failure::new(Reason::Ambiguous, text)
}
