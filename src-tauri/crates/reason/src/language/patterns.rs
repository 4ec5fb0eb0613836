//! Patterns that every policy can name: shapes that are certain enough to redact without a look.
//!
//! Bounds are of ASCII: a key behind a letter of another script is one, too; `\\[nrt]` is a line's end in JSON text. They stand before what
//! begins with letters, so that of an answer on its way only a word's beginning is held back.

use domain::Check;

/// Name, regular expression, what must hold of a match, meaning.
pub const PATTERNS: &[(&str, &str, Option<Check>, &str)] = &[
    (
        "secret_key",
        concat!(
            // Model providers.
            r"(?:(?-u:\b)|\\[nrt]|_)(?:sk-(?:proj|svcacct|admin|None)-[A-Za-z0-9_-]{20,}|sk-ant-[A-Za-z0-9_-]{20,}|sk-or-v1-[0-9a-f]{32,}",
            r"|sk-lf-[0-9a-f-]{36}|gsk_[A-Za-z0-9]{40,}|xai-[A-Za-z0-9]{60,}|pplx-[A-Za-z0-9]{40,}|hf_[A-Za-z0-9]{30,}|r8_[A-Za-z0-9]{37}",
            // Clouds.
            r"|AIza[0-9A-Za-z_-]{35}|GOCSPX-[A-Za-z0-9_-]{28}|ya29\.[A-Za-z0-9_-]{30,}|(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}|ABSK[A-Za-z0-9+/]{100,}={0,2}",
            r"|LTAI[A-Za-z0-9]{16,24}|dapi[0-9a-f]{32}(?:-[0-9])?|hv[sb]\.[A-Za-z0-9_-]{24,}",
            // Code and packages.
            r"|gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,}|gl(?:pat|dt|rt|cbt|ptt|ft|soat|imt|agent|oas)-[A-Za-z0-9_.-]{20,}",
            r"|npm_[A-Za-z0-9]{36}|pypi-Ag[A-Za-z0-9_-]{50,}|rubygems_[0-9a-f]{48}|dckr_pat_[A-Za-z0-9_-]{27,}|ATATT3[A-Za-z0-9_=-]{100,}|ATBB[A-Za-z0-9]{32}",
            // Services.
            r"|xox[abeoprs](?:\.xox[bp])?-[A-Za-z0-9-]{10,}|xapp-[0-9]-[A-Za-z0-9-]{20,}|hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9_/-]{40,}",
            r"|(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9+/]{32,}={0,2}|sq0(?:atp|csp)-[A-Za-z0-9_-]{22,}|shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}",
            r"|SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}|PMAK-[0-9a-f]{24}-[0-9a-f]{34}|lin_api_[A-Za-z0-9]{40}|ntn_[A-Za-z0-9]{40,}|figd_[A-Za-z0-9_-]{40}",
            r"|NRAK-[A-Z0-9]{27}|gl(?:sa|c)_[A-Za-z0-9+/_=]{32,}|sntry[su]_[A-Za-z0-9+/=_-]{40,}|pul-[0-9a-f]{40}|tskey-[a-z]+-[A-Za-z0-9]{8,}-[A-Za-z0-9]{20,}",
            r"|sbp_[0-9a-f]{40}|sb_secret_[A-Za-z0-9_-]{24,}|pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_=.-]{32,}|AGE-SECRET-KEY-1[A-Z0-9]{58})",
        ),
        None,
        "Keys that begin in a way of their own: of OpenAI, Anthropic, Google, AWS, GitHub, GitLab, npm, PyPI, Slack, Stripe and some thirty more.",
    ),
    (
        "plain_key",
        r"(?:(?-u:\b)|\\[nrt]|_)sk-[A-Za-z0-9_-]{20,}",
        Some(Check::Key),
        "Keys that begin with `sk-` and nothing more, as OpenAI's older ones and those of compatible hosts.",
    ),
    (
        "named_key",
        // A name, how it is set apart, quotes (escaped in JSON text), the key.
        concat!(
            r"(?i:aws_?secret_?access_?key|secret_?access_?key|aws_?session_?token)\\?[\x22']?\s{0,4}(?::=|=>|[:=>])\s{0,4}\\?[\x22']?[A-Za-z0-9+/]{40,}={0,2}",
            r"|(?:IQoJb3JpZ2lu|FwoGZXIvYXdzE)[A-Za-z0-9+/]{80,}={0,2}|do[opr]_v1_[0-9a-f]{64}",
            r"|(?:AccountKey|SharedAccessKey)=[A-Za-z0-9+/]{42,86}={1,2}|[?&]sig=[A-Za-z0-9%+/_-]{40,}(?:%3[Dd]|=)?",
            r"|[A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}|[A-Za-z0-9]{40,60}JQQJ99[A-Za-z0-9]{20,40}|[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}",
            r"|(?-u:\b)[0-9]{8,10}:AA[A-Za-z0-9_-]{33}|(?-u:\b)[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{60,}",
            r"|discord(?:app)?\.com/api/webhooks/[0-9]{17,20}/[A-Za-z0-9_-]{60,}",
        ),
        None,
        "Keys that are known by the name before them or a mark within: AWS secret access keys, Azure's keys, signatures and client secrets, bot tokens.",
    ),
    (
        "login",
        r"(?-u:\b)(?:postgres(?:ql)?|mysql|mariadb|mongodb|rediss?|amqps?|mssql|sqlserver|clickhouse|cockroachdb|ldaps?|s?ftp|smtps?|nats|https?)(?:\+[a-z0-9]+)?://[^\s:/@?#\x22'`<>{}$\\]{0,64}:[^\s:/@?#\x22'`<>{}$\\]{1,128}@",
        Some(Check::Login),
        "User and password of a connection's address, up to the host.",
    ),
    (
        "private_key",
        concat!(
            r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----",
            r"(?:(?:\s|\\[nr])*[A-Z][A-Za-z-]{2,20}: [^\n\\]{0,120})*(?:(?:\s|\\[nr])*[A-Za-z0-9+/=]{32,})+(?:(?:\s|\\[nr])+[A-Za-z0-9+/=]+)?(?:(?:\s|\\[nr])+=[A-Za-z0-9+/]{4})?",
            r"(?:(?:\s|\\[nr])*-----END (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----)?",
            r"|LS0tLS1CRUdJTiB(?:QUklWQVRF|SU0EgUFJJ|FQyBQUklW|PUEVOU1NI|FTkNSWVBU|EU0EgUFJJ|QR1AgUFJJ)[A-Za-z0-9+/=]{64,}",
        ),
        None,
        "Private keys in PEM and PGP armour, as text or in base64; also one whose end is missing.",
    ),
    (
        "json_web_token",
        r"(?:(?-u:\b)|\\[nrt]|_)eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{16,}",
        None,
        "Signed JSON web tokens.",
    ),
    ("email", r"\b[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}\b", None, "E-mail addresses."),
    (
        "iban",
        r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b",
        None,
        "What looks like a bank account number.",
    ),
    (
        "account",
        // Each country's accounts have one length; a word behind one is none of it.
        concat!(
            r"(?:(?-u:\b)|\\[nrt])(?:NO[0-9]{2}(?:[ -]?[0-9]{4}){2}[ -]?[0-9]{3}|BE[0-9]{2}(?:[ -]?[0-9]{4}){3}",
            r"|(?:DK|FO|FI|GL|NL|SD)[0-9]{2}(?:[ -]?[A-Z0-9]{4}){3}[ -]?[0-9]{2}|(?:MK|SI)[0-9]{2}(?:[ -]?[A-Z0-9]{4}){3}[ -]?[0-9]{3}",
            r"|(?:AT|BA|EE|KZ|XK|LT|LU|MN)[0-9]{2}(?:[ -]?[A-Z0-9]{4}){4}|(?:CH|LI|HR|LV)[0-9]{2}(?:[ -]?[A-Z0-9]{4}){4}[ -]?[A-Z0-9]",
            r"|(?:BG|BH|CR|DE|GB|GE|IE|ME|RS|VA)[0-9]{2}(?:[ -]?[A-Z0-9]{4}){4}[ -]?[A-Z0-9]{2}|(?:AE|GI|IL|IQ|OM|SO|TL)[0-9]{2}(?:[ -]?[A-Z0-9]{4}){4}[ -]?[A-Z0-9]{3}",
            r"|(?:AD|CZ|ES|MD|PK|RO|SA|SE|SK|TN|VG)[0-9]{2}(?:[ -]?[A-Z0-9]{4}){5}|(?:PT|ST|LY)[0-9]{2}(?:[ -]?[0-9]{4}){5}[ -]?[0-9]|(?:IS|TR)[0-9]{2}(?:[ -]?[A-Z0-9]{4}){5}[ -]?[0-9]{2}",
            r"|(?:BI|DJ|FR|GR|IT|MC|MR|SM)[0-9]{2}(?:[ -]?[A-Z0-9]{4}){5}[ -]?[A-Z0-9]{3}|(?:AL|AZ|BY|CY|DO|GT|HN|HU|LB|NI|PL|SV)[0-9]{2}(?:[ -]?[A-Z0-9]{4}){6}",
            r"|(?:BR|EG|PS|QA|UA)[0-9]{2}(?:[ -]?[A-Z0-9]{4}){6}[ -]?[A-Z0-9]|(?:JO|KW|MU|YE)[0-9]{2}(?:[ -]?[A-Z0-9]{4}){6}[ -]?[A-Z0-9]{2}",
            r"|(?:MT|SC)[0-9]{2}(?:[ -]?[A-Z0-9]{4}){6}[ -]?[A-Z0-9]{3}|LC[0-9]{2}(?:[ -]?[A-Z0-9]{4}){7}|RU[0-9]{2}(?:[ -]?[A-Z0-9]{4}){7}[ -]?[A-Z0-9])(?-u:\b)",
        ),
        Some(Check::Iban),
        "Bank account numbers (IBAN).",
    ),
    (
        "card",
        // A number with a point is none: its digits are taken in, so that the check sees the point.
        concat!(
            r"(?:(?-u:\b)|\\[nrt])(?:[0-9]{1,20}\.)*(?:[2-6][0-9]{15,18}|3[47][0-9]{13}|3[0689][0-9]{12}",
            r"|[2-6][0-9]{3}(?:[ \x{a0}\x{2011}-][0-9]{4}){3}",
            r"|3[47][0-9]{2}[ \x{a0}\x{2011}-][0-9]{6}[ \x{a0}\x{2011}-][0-9]{5}|3[0689][0-9]{2}[ \x{a0}\x{2011}-][0-9]{6}[ \x{a0}\x{2011}-][0-9]{4})",
            r"(?-u:\b)(?:\.[0-9]{1,20})*",
        ),
        Some(Check::Card),
        "Payment card numbers of the known networks.",
    ),
    (
        "cpf",
        r"(?:(?-u:\b)|\\[nrt])[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}(?-u:\b)",
        Some(Check::Cpf),
        "Brazilian CPF numbers.",
    ),
    (
        "dni",
        r"(?:(?-u:\b)|\\[nrt])(?:[0-9]{8}|[XYZ][0-9]{7})-?[A-HJ-NP-TV-Z](?-u:\b)",
        Some(Check::Dni),
        "Spanish DNI and NIE numbers.",
    ),
];
