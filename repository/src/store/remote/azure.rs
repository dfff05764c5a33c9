//! Azure Blob Storage.

use object_store::azure::{MicrosoftAzure, MicrosoftAzureBuilder};
use url::Url;

use super::{Wanted, endpoint};
use crate::error::{Error, Result};
use crate::shown::without_secrets;
use crate::store::settings::Setting;

pub(super) fn connect(wanted: &Wanted<'_>) -> Result<MicrosoftAzure> {
    let (settings, location) = (wanted.settings, wanted.location);
    let host = location.azure_host().unwrap_or("");
    let (account, domain) = host.split_once('.').unwrap_or((host, ""));
    for (setting, expected) in [(Setting::StorageAccount, account), (Setting::Container, location.bucket())] {
        if settings.text(setting).is_some_and(|given| given != expected) {
            let advice = format!("{location} says '{expected}'; leave it out or give the same");
            return Err(settings.wrong(setting, &advice));
        }
    }
    let given = wanted.endpoint(None)?;
    let place = match (given, wanted.variable(&["AZURE_STORAGE_ENDPOINT"])) {
        (Some(given), _) => given,
        (None, Some(text)) => endpoint(text, None).map_err(|advice| {
            Error::invalid(format!(
                "AZURE_STORAGE_ENDPOINT: '{}' cannot be used; {advice}",
                without_secrets(text)
            ))
        })?,
        // Every account has both faces; the client speaks to that of blobs.
        (None, None) => {
            let domain = domain.replacen("dfs.", "blob.", 1);
            Url::parse(&format!("https://{account}.{domain}"))
                .map_err(|_| Error::invalid(format!("location '{location}' names no host")))?
        }
    };
    let builder = MicrosoftAzureBuilder::new()
        .with_account(account)
        .with_container_name(location.bucket())
        .with_endpoint(place.as_str().trim_end_matches('/').to_owned())
        .with_client_options(wanted.client_options(place.scheme() == "http")?)
        .with_retry(wanted.retry()?);
    with_credentials(wanted, builder)?.build().map_err(|source| wanted.failed(source))
}

/// Credentials that are given, then the environment's. They are never mixed.
fn with_credentials(wanted: &Wanted<'_>, builder: MicrosoftAzureBuilder) -> Result<MicrosoftAzureBuilder> {
    let settings = wanted.settings;
    if let Some(key) = settings.text(Setting::SecretKey) {
        return Ok(builder.with_access_key(key));
    }
    if let Some(token) = settings.text(Setting::SasToken) {
        return Ok(with_token(builder, token));
    }
    if let Some((id, secret)) = settings.text(Setting::ClientId).zip(settings.text(Setting::ClientSecret)) {
        let (host, tenant) = tenant(wanted)?;
        let builder = builder.with_client_secret_authorization(id, secret, tenant);
        return Ok(match host {
            Some(host) => builder.with_authority_host(host),
            None => builder,
        });
    }
    if settings.is_on(Setting::ManagedIdentity) {
        return Ok(match settings.text(Setting::ClientId) {
            Some(id) => builder.with_client_id(id),
            None => builder,
        });
    }
    if let Some(key) = wanted.variable(&["AZURE_STORAGE_KEY", "AZURE_STORAGE_ACCOUNT_KEY"]) {
        return Ok(builder.with_access_key(key));
    }
    if let Some(token) = wanted.variable(&["AZURE_STORAGE_SAS_TOKEN"]) {
        return Ok(with_token(builder, token));
    }
    let client = wanted.variable(&["AZURE_CLIENT_ID"]).zip(wanted.variable(&["AZURE_TENANT_ID"]));
    if let Some((id, tenant)) = client {
        let builder = match wanted.variable(&["AZURE_AUTHORITY_HOST"]) {
            Some(host) => builder.with_authority_host(host),
            None => builder,
        };
        if let Some(file) = wanted.variable(&["AZURE_FEDERATED_TOKEN_FILE"]) {
            return Ok(builder.with_client_id(id).with_tenant_id(tenant).with_federated_token_file(file));
        }
        if let Some(secret) = wanted.variable(&["AZURE_CLIENT_SECRET"]) {
            return Ok(builder.with_client_secret_authorization(id, secret, tenant));
        }
    }
    Err(Error::invalid(format!(
        "{} has no credentials: give \"azure.blob.shared_key\" or \"azure.blob.sas_token\", or set AZURE_STORAGE_KEY, or \
         \"azure.blob.oauth2_use_managed_identity\" = \"true\" on a machine of Azure",
        wanted.location
    )))
}

/// A token is a query, with or without its question mark.
fn with_token(builder: MicrosoftAzureBuilder, token: &str) -> MicrosoftAzureBuilder {
    let pairs = url::form_urlencoded::parse(token.trim_start_matches('?').as_bytes());
    builder.with_sas_authorization(pairs.into_owned().collect::<Vec<_>>())
}

/// The tenant, and the host that gives tokens: given as they are, or inside of the endpoint that StarRocks wants,
/// `https://login.microsoftonline.com/<tenant>/oauth2/token`.
fn tenant(wanted: &Wanted<'_>) -> Result<(Option<String>, String)> {
    let settings = wanted.settings;
    if let Some(tenant) = settings.text(Setting::TenantId) {
        return Ok((None, tenant.to_owned()));
    }
    let url = settings.text(Setting::ClientEndpoint).and_then(|text| Url::parse(text).ok());
    let found = url.as_ref().and_then(|url| {
        let tenant = url.path_segments()?.next().filter(|tenant| !tenant.is_empty())?;
        Some((url.origin().ascii_serialization(), tenant.to_owned()))
    });
    match found {
        Some((host, tenant)) => Ok((Some(host), tenant)),
        None => Err(Error::invalid(format!(
            "property '{}' needs 'azure.blob.oauth2_tenant_id' beside it, or 'azure.blob.oauth2_client_endpoint' \
             such as https://login.microsoftonline.com/<tenant>/oauth2/token",
            settings.name(Setting::ClientSecret)
        ))),
    }
}
