//! Folders of HTTP and `WebDAV` servers.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use object_store::http::{HttpBuilder, HttpStore};
use object_store::{HeaderMap, HeaderValue};

use super::Wanted;
use crate::error::{Error, Result};
use crate::store::settings::Setting;

pub(super) fn connect(wanted: &Wanted<'_>) -> Result<HttpStore> {
    let settings = wanted.settings;
    let url = wanted
        .location
        .http_server()
        .ok_or_else(|| Error::invalid(format!("location '{}' is no URL", wanted.location)))?;
    let mut options = wanted.client_options(url.scheme() == "http")?;
    if let Some(user) = settings.text(Setting::User) {
        let password = settings.text(Setting::Password).unwrap_or("");
        let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")));
        let mut value = HeaderValue::from_str(&basic)
            .map_err(|_| settings.wrong(Setting::Password, "give one without line ends"))?;
        value.set_sensitive(true);
        let mut headers = HeaderMap::new();
        headers.insert("authorization", value);
        options = options.with_default_headers(headers);
    }
    HttpBuilder::new()
        .with_url(url.as_str())
        .with_client_options(options)
        .with_retry(wanted.retry()?)
        .build()
        .map_err(|source| wanted.failed(source))
}
