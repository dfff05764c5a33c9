//! Statements as they may be shown: without secrets.

use std::borrow::Cow;

use cairn_repository::{is_secret_property, is_secret_value, without_secrets};
use sqlparser::tokenizer::Token;

use super::lexer::SourceStatement;

/// What stands for a secret.
pub(super) const HIDDEN: &str = "'***'";
/// What the name of a property has whose value may be a URL without a scheme.
const ENDPOINT: &str = "endpoint";
/// How many tokens are looked through for the word before a password where no statement about users begins.
const LOOKED_THROUGH: usize = 16;

impl SourceStatement {
    /// The text as it may be shown and kept: the values of properties that hold secrets are `'***'`, and URLs are without
    /// users, passwords, queries and fragments.
    ///
    /// A string that is never closed may be one of them, so what cannot be cut into tokens is left out.
    pub fn redacted(&self) -> String {
        let mut shown = String::new();
        let mut end = 0;
        for (index, range) in self.ranges().iter().enumerate() {
            // With it the blanks and comments before the token.
            let text = self.text();
            shown.push_str(text.get(end..range.start).unwrap_or(""));
            shown.push_str(&self.shown(index, text.get(range.clone()).unwrap_or("")));
            end = range.end;
        }
        if self.error().is_some() {
            shown.push('…');
        }
        shown
    }

    /// A token, whose text is `text`, as it may be shown.
    pub(super) fn shown<'t>(&self, index: usize, text: &'t str) -> Cow<'t, str> {
        if self.may_be_password(index) {
            return HIDDEN.into();
        }
        let Some(value) = self.string(index) else { return text.into() };
        let name = self.property_before(index);
        if name.is_some_and(is_secret_property) {
            return HIDDEN.into();
        }
        let may_be_url =
            value.contains("://") || name.is_some_and(|name| name.to_ascii_lowercase().contains(ENDPOINT));
        if !may_be_url || !value.contains(['@', '?', '#']) {
            return if name.is_some() && is_secret_value(value) { HIDDEN.into() } else { text.into() };
        }
        let shown = without_secrets(value);
        if name.is_some() && is_secret_value(&shown) {
            return HIDDEN.into();
        }
        format!("'{}'", shown.replace('\'', "''")).into()
    }

    /// Whether a token may be a user's password, or a part of one whose quotes were forgotten. Where a sign or a word was
    /// forgotten, too much is hidden and not too little.
    fn may_be_password(&self, index: usize) -> bool {
        let is_string = self.string(index).is_some();
        let before = |word: &str, most: usize| (0..index.min(most)).rfind(|n| self.is_word(*n, word));
        let behind = |n: usize, words: &[&str]| {
            n.checked_sub(1).is_some_and(|n| {
                words.iter().any(|word| self.is_word(n, word)) || self.token(n) == Some(&Token::AtSign)
            })
        };
        if self.is_word(0, "SET") && self.is_word(1, "PASSWORD") {
            let is_call = self.is_word(index, "PASSWORD")
                || matches!(self.token(index), Some(Token::LParen | Token::RParen | Token::EOF));
            let sign = (0..index).find(|n| self.token(*n) == Some(&Token::Eq));
            return if is_string { !behind(index, &["FOR"]) } else { sign.is_some() && !is_call };
        }
        if (self.is_word(0, "CREATE") || self.is_word(0, "ALTER")) && self.is_word(1, "USER") {
            if is_string {
                return !behind(index, &["USER", "EXISTS"]);
            }
            // Bare, up to the clause after it.
            let by = before("IDENTIFIED", usize::MAX).and_then(|_| before("BY", usize::MAX));
            let is_over = |from: usize| (from..=index).any(|n| self.is_word(n, "DEFAULT"));
            let is_clause = self.is_word(index, "PASSWORD") || self.token(index) == Some(&Token::EOF);
            return by.is_some_and(|by| !is_over(by)) && !is_clause;
        }
        // A long list of values is not looked through for each.
        let most = if self.is_word(0, "GRANT") { usize::MAX } else { LOOKED_THROUGH };
        is_string
            && (before("IDENTIFIED", most).is_some()
                || (self.is_word(1, "USER") && before("BY", most).is_some()))
    }

    fn token(&self, index: usize) -> Option<&Token> {
        self.tokens().get(index).map(|at| &at.token)
    }

    fn is_word(&self, index: usize, word: &str) -> bool {
        matches!(self.token(index), Some(Token::Word(w)) if w.value.eq_ignore_ascii_case(word))
    }

    /// The name of the property whose value the token would be: `"key" = "value"`, or the same with the sign forgotten.
    fn property_before(&self, index: usize) -> Option<&str> {
        let before = index.checked_sub(1)?;
        match self.tokens().get(before).map(|at| &at.token) {
            Some(Token::Eq) => self.string(before.checked_sub(1)?),
            _ => self.string(before),
        }
    }

    fn string(&self, index: usize) -> Option<&str> {
        match self.tokens().get(index).map(|at| &at.token) {
            Some(Token::SingleQuotedString(value)) => Some(value),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::split_statements;

    fn redacted(sql: &str) -> Vec<String> {
        split_statements(sql).iter().map(super::SourceStatement::redacted).collect()
    }

    #[test]
    fn secrets_are_hidden_and_nothing_else() {
        for (sql, expected) in [
            ("SELECT 'key' /* 'key' = 'x' */ FROM t", "SELECT 'key' /* 'key' = 'x' */ FROM t"),
            (
                "CREATE REPOSITORY r WITH BROKER ON LOCATION 's3://b/x'\nPROPERTIES (\"aws.s3.access_key\" = \"AK\", \"aws.s3.secret_key\" = \"SK\", 'aws.s3.region' = 'eu')",
                "CREATE REPOSITORY r WITH BROKER ON LOCATION 's3://b/x'\nPROPERTIES (\"aws.s3.access_key\" = \"AK\", \"aws.s3.secret_key\" = '***', 'aws.s3.region' = 'eu')",
            ),
            (
                "ALTER REPOSITORY r SET ('azure.blob.sas_token'='x''y', 'fs.s3a.secret.key' \"z\", 'Password' =/* */'w')",
                "ALTER REPOSITORY r SET ('azure.blob.sas_token'='***', 'fs.s3a.secret.key' '***', 'Password' =/* */'***')",
            ),
            ("ALTER REPOSITORY r SET ('secret' = 'never closed", "ALTER REPOSITORY r SET ('secret' =…"),
            (
                "SELECT * FROM FILES('path' = 's3://b', 'gcp.gcs.service_account_private_key' = 'k')",
                "SELECT * FROM FILES('path' = 's3://b', 'gcp.gcs.service_account_private_key' = '***')",
            ),
            (
                "CREATE REPOSITORY z WITH BROKER ON LOCATION 's3://AKIA:PW@b/x' PROPERTIES ('aws.s3.endpoint' = 'u:PW@h', 'x' = \"abfss://c@acc/x?sig=PW\")",
                "CREATE REPOSITORY z WITH BROKER ON LOCATION 's3://…@b/x' PROPERTIES ('aws.s3.endpoint' = '…@h', 'x' = 'abfss://c@acc/x?…')",
            ),
            (
                "CREATE EXTERNAL CATALOG c PROPERTIES ('type' = 'jdbc', 'jdbc_uri' = 'jdbc:sqlserver://h;user=u@x;password=PW', 'user' = 'u')",
                "CREATE EXTERNAL CATALOG c PROPERTIES ('type' = 'jdbc', 'jdbc_uri' = '***', 'user' = 'u')",
            ),
            (
                "CREATE USER 'u'@'%' IDENTIFIED WITH mysql_native_password BY 'x'",
                "CREATE USER 'u'@'%' IDENTIFIED WITH mysql_native_password BY '***'",
            ),
            ("SET PASSWORD FOR 'u'@'h' = PASSWORD('x')", "SET PASSWORD FOR 'u'@'h' = PASSWORD('***')"),
            ("set password for 'u' 'x'", "set password for 'u' '***'"),
            ("CREATE USER u IDENTIFED BY 'x'", "CREATE USER u IDENTIFED BY '***'"),
            ("CREAT USER u IDENTIFIED BY 'x'", "CREAT USER u IDENTIFIED BY '***'"),
            ("ALTER USER 'u'@'h' PASSWORD 'x'", "ALTER USER 'u'@'h' PASSWORD '***'"),
            (
                "CREATE USER IF NOT EXISTS 'u' SET PASSWORD = 'x'",
                "CREATE USER IF NOT EXISTS 'u' SET PASSWORD = '***'",
            ),
            ("CREATE USER u IDENTIFIED WITH 'x'", "CREATE USER u IDENTIFIED WITH '***'"),
            (
                "GRANT SELECT, INSERT, UPDATE, DELETE, ALTER ON TABLE a.b TO 'u'@'%' IDENTIFIED BY 'x'",
                "GRANT SELECT, INSERT, UPDATE, DELETE, ALTER ON TABLE a.b TO 'u'@'%' IDENTIFIED BY '***'",
            ),
            ("SET PASSWORD = hunter2", "SET PASSWORD = '***'"),
            ("SET PASSWORD FOR u = PASSWORD(12)", "SET PASSWORD FOR u = PASSWORD('***')"),
            (
                "ALTER USER u IDENTIFIED BY hunter2 DEFAULT ROLE r",
                "ALTER USER u IDENTIFIED BY '***' DEFAULT ROLE r",
            ),
            ("GRANT r TO 'u'@'h'", "GRANT r TO 'u'@'h'"),
            ("DROP USER 'u'@'h'", "DROP USER 'u'@'h'"),
            ("SELECT 'a@b', 'is it?', 'http://host/x'", "SELECT 'a@b', 'is it?', 'http://host/x'"),
        ] {
            assert_eq!(redacted(sql), [expected]);
        }
        assert_eq!(redacted("SELECT 1; SELECT 2"), ["SELECT 1", "SELECT 2"]);
    }
}
