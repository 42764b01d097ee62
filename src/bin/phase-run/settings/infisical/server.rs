//! Which server gets the login, and how it is reached.

use phase_run::Connection;
use phase_run::outside::{shown_host, typed_host};

use super::json::InfisicalJson;
use super::{Search, headers};
use crate::args::Context;
use crate::exit::{Failure, Reason};
use crate::settings::connection::connection;
use crate::settings::host::{self, INFISICAL};
use crate::settings::layers::Origin;

const HEADERS: &str = "INFISICAL_CUSTOM_HEADERS";

impl Search<'_> {
    /// The server that gets the login, which may be good for `of_login` alone.
    ///
    /// # Errors
    ///
    /// Another one was named, or the project file alone names it.
    pub(super) fn host(
        &self,
        of_login: Option<String>,
        json: Option<&InfisicalJson>,
    ) -> Result<String, Failure> {
        let beside = json.and_then(|json| Some((json.domain.as_deref()?, json.path.as_path())));
        let Some(of_login) = of_login else {
            return host::host(&INFISICAL, self.args.host.as_ref(), self.layers, beside);
        };
        let named = host::named(&INFISICAL, self.args.host.as_ref(), self.layers)?;
        match named {
            Some((named, origin)) if !host::same(&host::site(&named), &of_login) => {
                let text = format!(
                    "the login of Infisical's CLI is for {}, and the host is {} ({origin}): a login's token goes to its own host alone",
                    shown_host(&of_login),
                    shown_host(&named)
                );
                Err(Failure::new(Reason::Credentials, text).help(format!(
                    "log in there with `infisical login --domain {}`, or leave the host to the login",
                    typed_host(&named)
                )))
            }
            _ => {
                self.layers.note(
                    "host",
                    shown_host(&of_login),
                    Origin::Named("the login".to_owned()),
                );
                Ok(of_login)
            }
        }
    }

    /// The way to `host`, with what the variables say of it.
    ///
    /// # Errors
    ///
    /// A variable that cannot be used.
    pub(super) fn connection(
        &self,
        host: String,
        warnings: &mut Vec<String>,
    ) -> Result<Connection, Failure> {
        let headers = self.layers.variable(HEADERS)?.unwrap_or_default();
        let headers = headers::headers(&headers).map_err(|why| {
            let text = format!("{HEADERS} cannot be used: {why}");
            Failure::new(Reason::Configuration, text)
        })?;
        let verify = self.layers.variable_yes("INFISICAL_VERIFY_SSL")?;
        let args = Context {
            insecure: self.args.insecure || verify == Some(false),
            ..self.args.clone()
        };
        Ok(Connection {
            headers,
            roots_text: self.layers.variable("INFISICAL_SSL_CERTIFICATE")?,
            ..connection(host, &args, self.layers, warnings)?
        })
    }
}
