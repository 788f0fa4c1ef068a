//! What a scenario's messages say of mistakes as people make them: the place, the offending text, what it
//! must be, and a hint that works when it is typed.

use bks::scenario::Scenario;
use bks::scenario::overrides::Override;

/// What is right, line by line as the places in the tables count them.
const RIGHT: &str = r#"name = "base"
duration = "1h"
seed = 7

[billing]
discount = "5%"

[[bucket]]
name = "lake"
region = "us-east-1"

[[principal]]
name = "app"
role = "analytics"
sessions = 4

[[population]]
name = "old"
bucket = "lake"
objects = 1000
age = { uniform = { from = "0s", to = "30d" } }

[[workload]]
name = "put"
principal = "app"
bucket = "lake"
object_size = "1MiB"
arrivals = { poisson = { rate = "5/s" } }

[[workload]]
name = "get"
principal = "app"
bucket = "lake"
arrivals = { periodic = { rate = "7/s" } }
read = { from = ["old"], pattern = "uniform" }

[[configuration]]
name = "today"
encryption = "sse-kms"

[[configuration]]
name = "keys"
encryption = "sse-kms-bucket-key"
requester_rule = "session"
assumptions = { cache_lifetime = "3min" }
"#;

/// What stands in the scenario, what is written instead, line and column of the mistake, how the message
/// begins, and which part of what was written is to be replaced by which text of the hint.
#[rustfmt::skip]
const WRONG: &[(&str, &str, &str, &str, &str, &str)] = &[
    (r#"duration = "1h""#, "duration = 3600", "2:12", "`3600` is not a duration: it has no unit", "duration = 3600", r#"duration = "3600s""#),
    (r#"duration = "1h""#, "duration = true", "2:12", r#"`duration` is `true`, but must be a duration with its unit (ms, s, min, h, d, w), e.g., `"5min"`"#, "duration = true", r#"duration = "5min""#),
    (r#"duration = "1h""#, r#"duration = ["1h"]"#, "2:12", r#"`duration` is a list, but must be a duration with its unit (ms, s, min, h, d, w), e.g., `"5min"`"#, r#"duration = ["1h"]"#, r#"duration = "5min""#),
    (r#"duration = "1h""#, "duration = { h = 1 }", "2:12", r#"`duration` is a table, but must be a duration with its unit (ms, s, min, h, d, w), e.g., `"5min"`"#, "duration = { h = 1 }", r#"duration = "5min""#),
    (r#"duration = "1h""#, "duration = 2026-01-01", "2:12", "`2026-01-01` is not a duration: it has no unit", "2026-01-01", r#""5min""#),
    ("seed = 7", r#"seed = "7""#, "3:8", r#"`seed` is `"7"`, but must be a whole number from 0 to 9223372036854775807"#, r#"seed = "7""#, "seed = 7"),
    ("seed = 7", "seed = 7.0", "3:8", "`seed` is `7.0`, but must be a whole number from 0 to 9223372036854775807", "seed = 7.0", "seed = 7"),
    ("seed = 7", "seed = -7", "3:8", "`seed` is `-7`, but must be a whole number from 0 to 9223372036854775807", "seed = -7", "seed = 1"),
    ("seed = 7", "seed = true", "3:8", "`seed` is `true`, but must be a whole number from 0 to 9223372036854775807", "seed = true", "seed = 1"),
    ("seed = 7", "seed = 99999999999999999999", "3:8", "`seed` is `99999999999999999999`, but must be a whole number from 0 to 9223372036854775807", "seed = 99999999999999999999", "seed = 1"),
    ("seed = 7", "seed = [7]", "3:8", "`seed` is a list, but must be a whole number from 0 to 9223372036854775807", "seed = [7]", "seed = 1"),
    (r#"name = "base""#, "name = 7", "1:8", "`name` is `7`, but must be text in quotes", "name = 7", r#"name = "7""#),
    (r#"name = "base""#, "name = true", "1:8", "`name` is `true`, but must be text in quotes", "name = true", r#"name = "true""#),
    (r#"name = "base""#, r#"name = ["base"]"#, "1:8", "`name` is a list, but must be text in quotes", r#"name = ["base"]"#, r#"name = "name""#),
    (r#"name = "base""#, "name = base", "1:8", "the text is not TOML", "name = base", r#"name = "base""#),
    (r#"name = "base""#, r#"name = "My Base""#, "1:8", "`name` is `My Base`, which cannot name a folder", "My Base", "emr10"),
    ("sessions = 4", r#"sessions = "4""#, "15:12", r#"`sessions` is `"4"`, but must be a whole number from 0 to 4294967295"#, r#"sessions = "4""#, "sessions = 4"),
    ("sessions = 4", "sessions = 4.5", "15:12", "`sessions` is `4.5`, but must be a whole number from 0 to 4294967295", "sessions = 4.5", "sessions = 1"),
    ("sessions = 4", "sessions = 1e3", "15:12", "`sessions` is `1e3`, but must be a whole number from 0 to 4294967295", "sessions = 1e3", "sessions = 1000"),
    ("sessions = 4", "sessions = 0", "15:12", "`sessions` is `0`, but must be at least 1", "", ""),
    ("sessions = 4", "sessions = -1", "15:12", "`sessions` is `-1`, but must be a whole number from 0 to 4294967295", "sessions = -1", "sessions = 1"),
    ("sessions = 4", "sessions = 5000000000", "15:12", "`sessions` is `5000000000`, but must be a whole number from 0 to 4294967295", "sessions = 5000000000", "sessions = 1"),
    ("sessions = 4", r#"sessions = "many""#, "15:12", r#"`sessions` is `"many"`, but must be a whole number from 0 to 4294967295"#, r#"sessions = "many""#, "sessions = 1"),
    ("sessions = 4", "sessions = { n = 4 }", "15:12", "`sessions` is a table, but must be a whole number from 0 to 4294967295", "sessions = { n = 4 }", "sessions = 1"),
    ("objects = 1000", r#"objects = "1000""#, "20:11", r#"`objects` is `"1000"`, but must be a whole number from 0 to 9223372036854775807"#, r#"objects = "1000""#, "objects = 1000"),
    ("objects = 1000", "objects = 1e6", "20:11", "`objects` is `1e6`, but must be a whole number from 0 to 9223372036854775807", "objects = 1e6", "objects = 1000000"),
    ("objects = 1000", "objects = 1.5e6", "20:11", "`objects` is `1.5e6`, but must be a whole number from 0 to 9223372036854775807", "objects = 1.5e6", "objects = 1500000"),
    ("objects = 1000", r#"objects = "1k""#, "20:11", r#"`objects` is `"1k"`, but must be a whole number from 0 to 9223372036854775807"#, r#"objects = "1k""#, "objects = 1"),
    ("objects = 1000", "objects = 0", "20:11", "`objects` is `0`, but a population has from 1 to 2^53 (9007199254740992) objects", "", ""),
    ("[billing]\ndiscount = \"5%\"", r#"billing = "none""#, "5:11", r#"`billing` is `"none"`, but must be a table"#, r#"billing = "none""#, r#"billing = { background_kms = "250/s" }"#),
    ("[billing]\ndiscount = \"5%\"", "[[billing]]\ndiscount = \"5%\"", "5:1", "`billing` is a list, but must be a table", "", ""),
    (r#"discount = "5%""#, "discount = 5%", "6:12", "the text is not TOML", "discount = 5%", r#"discount = "5%""#),
    (r#"discount = "5%""#, "discount = 5", "6:12", "`5` is given as a share, but a share lies between 0 and 1", "discount = 5", r#"discount = "5%""#),
    (r#"discount = "5%""#, r#"discount = "120%""#, "6:12", "`120%` is given as a share, but a share lies between 0 and 1", "120%", "0.25"),
    (r#"discount = "5%""#, "discount = true", "6:12", r#"`discount` is `true`, but must be a share from 0 to 1, or in percent, e.g., `"25%"`"#, "discount = true", r#"discount = "25%""#),
    (r#"discount = "5%""#, r#"data_events = "yes""#, "6:15", r#"`data_events` is `"yes"`, but must be `true` or `false`"#, r#"data_events = "yes""#, "data_events = true"),
    (r#"discount = "5%""#, "data_events = 1", "6:15", "`data_events` is `1`, but must be `true` or `false`", "data_events = 1", "data_events = true"),
    (r#"discount = "5%""#, r#"free_tier = "yes""#, "6:13", "`free_tier` is `yes`", r#"free_tier = "yes""#, "free_tier = true"),
    (r#"discount = "5%""#, "free_tier = 1", "6:13", r#"`free_tier` is `1`, but must be `true`, `false` or `"per-account"`"#, "free_tier = 1", "free_tier = true"),
    (r#"discount = "5%""#, "data_events = True", "6:15", "the text is not TOML", "data_events = True", "data_events = true"),
    ("[[bucket]]", "[bucket]", "8:1", "`bucket` is a table, but must be a list of tables", "[bucket]", "[[bucket]]"),
    ("[[bucket]]", "[[buckets]]", "8:3", "unknown key `buckets`", "[[buckets]]", "[[bucket]]"),
    ("[[principal]]", "[[principals]]", "12:3", "unknown key `principals`", "[[principals]]", "[[principal]]"),
    ("[[workload]]\nname = \"put\"", "[[workloads]]\nname = \"put\"", "23:3", "unknown key `workloads`", "", ""),
    ("[[population]]", "[[populations]]", "17:3", "unknown key `populations`", "[[populations]]", "[[population]]"),
    ("[[configuration]]\nname = \"today\"", "[[configurations]]\nname = \"today\"", "37:3", "unknown key `configurations`", "", ""),
    ("[[principal]]", "[principal]", "12:1", "`principal` is a table, but must be a list of tables", "[principal]", "[[principal]]"),
    (r#"role = "analytics""#, "role = 5", "14:8", "`role` is `5`, but must be text in quotes", "role = 5", r#"role = "5""#),
    (r#"role = "analytics""#, r#"role = "arn:aws:iam::111122223333:role/analytics""#, "14:8", "`role` is `arn:aws:iam::111122223333:role/analytics`, but must be a name alone", r#"role = "arn:aws:iam::111122223333:role/analytics""#, r#"role = "analytics""#),
    (r#"role = "analytics""#, r#"role = "arn:aws:sts::111122223333:assumed-role/analytics/i-0abc""#, "14:8", "`role` is `arn:aws:sts::111122223333:assumed-role/analytics/i-0abc`, but must be a name alone", r#"role = "arn:aws:sts::111122223333:assumed-role/analytics/i-0abc""#, r#"role = "analytics""#),
    (r#"role = "analytics""#, r#"user = "arn:aws:iam::111122223333:user/ann""#, "14:8", "`user` is `arn:aws:iam::111122223333:user/ann`, but must be a name alone", r#"user = "arn:aws:iam::111122223333:user/ann""#, r#"user = "ann""#),
    (r#"role = "analytics""#, r#"role = "arn:aws:iam::111122223333:user/ann""#, "14:8", "`role` is `arn:aws:iam::111122223333:user/ann`, but must be a name alone", r#"role = "arn:aws:iam::111122223333:user/ann""#, r#"user = "ann""#),
    (r#"role = "analytics""#, r#"arn = "arn:aws:iam::111122223333:role/analytics""#, "14:1", "unknown key `arn`", "", ""),
    (r#"role = "analytics""#, "role = \"analytics\"\naccount = 111122223333", "15:11", "`account` is `111122223333`, but must be text in quotes", "account = 111122223333", r#"account = "111122223333""#),
    (r#"role = "analytics""#, "role = \"analytics\"\naccount = \"1111-2222-3333\"", "15:11", "`account` is `1111-2222-3333`, but an account has twelve digits", r#"account = "1111-2222-3333""#, r#"account = "111122223333""#),
    (r#"role = "analytics""#, "role = \"analytics\"\naccount = \"12345\"", "15:11", "`account` is `12345`, but an account has twelve digits", r#"account = "12345""#, r#"account = "111122223333""#),
    (r#"role = "analytics""#, r#"role = """#, "13:8", "principal `app` has an empty name in AWS", "", ""),
    (r#"role = "analytics""#, "role = \"a\"\nuser = \"b\"", "13:8", "principal `app` must have exactly one of `role`, `user` and `service`", "role = \"a\"\nuser = \"b\"", r#"role = "analytics""#),
    (r#"role = "analytics""#, r#"Role = "analytics""#, "14:1", "unknown key `Role`", "Role", "role"),
    ("name = \"lake\"\nregion", "name = \"arn:aws:s3:::lake\"\nregion", "9:8", "`name` is `arn:aws:s3:::lake`, but must be a name alone", r#"name = "arn:aws:s3:::lake""#, r#"name = "lake""#),
    ("name = \"lake\"\nregion", "name = \"s3://lake\"\nregion", "9:8", "`name` is `s3://lake`, but must be a name alone", r#"name = "s3://lake""#, r#"name = "lake""#),
    (r#"region = "us-east-1""#, r#"region = "us-east-1a""#, "10:10", "`us-east-1a` is not an AWS region that bks knows", "us-east-1a", "us-east-1"),
    (r#"region = "us-east-1""#, r#"region = "US East (N. Virginia)""#, "10:10", "`US East (N. Virginia)` is not an AWS region that bks knows", "US East (N. Virginia)", "us-east-2"),
    (r#"region = "us-east-1""#, r#"regoin = "us-east-1""#, "10:1", "unknown key `regoin`", "regoin", "region"),
    (r#"region = "us-east-1""#, r#"key = "aws-managed""#, "10:7", "`key` is `aws-managed`", r#"key = "aws-managed""#, r#"key = "aws/s3""#),
    (r#"region = "us-east-1""#, r#"key = "alias/aws/s3""#, "10:7", "`key` is `alias/aws/s3`", r#"key = "alias/aws/s3""#, r#"key = "aws/s3""#),
    (r#"region = "us-east-1""#, r#"directory = "true""#, "10:13", r#"`directory` is `"true"`, but must be `true` or `false`"#, r#"directory = "true""#, "directory = true"),
    (r#"region = "us-east-1""#, r#"encryption_before = "SSE-KMS""#, "10:21", "`encryption_before` is `SSE-KMS`", r#"encryption_before = "SSE-KMS""#, r#"encryption_before = "sse-kms""#),
    (r#"region = "us-east-1""#, r#"encryption_before = "AES256""#, "10:21", "`encryption_before` is `AES256`", r#"encryption_before = "AES256""#, r#"encryption_before = "sse-s3""#),
    ("bucket = \"lake\"\nobjects", "bucket = \"laek\"\nobjects", "19:10", "`laek` is not a bucket of this scenario", "laek", "lake"),
    ("bucket = \"lake\"\nobjects", "bucket = \"arn:aws:s3:::lake\"\nobjects", "19:10", "`arn:aws:s3:::lake` is not a bucket of this scenario", "arn:aws:s3:::lake", "lake"),
    ("bucket = \"lake\"\nobjects", "bucket = [\"lake\"]\nobjects", "19:10", "`bucket` is a list, but must be text in quotes", "", ""),
    (r#"age = { uniform = { from = "0s", to = "30d" } }"#, r#"age = "uniform""#, "21:7", r#"`age` is `"uniform"`, but `uniform` has values of its own"#, r#"age = "uniform""#, r#"age = { uniform = { to = "5min" } }"#),
    (r#"age = { uniform = { from = "0s", to = "30d" } }"#, r#"age = "30d""#, "21:7", "`age` is `30d`", r#"age = "30d""#, r#"age = { fixed = "5min" }"#),
    (r#"age = { uniform = { from = "0s", to = "30d" } }"#, r#"age = { uniform = "30d" }"#, "21:19", r#"`uniform` is `"30d"`, but must be a table"#, r#"uniform = "30d""#, r#"uniform = { to = "5min" }"#),
    (r#"age = { uniform = { from = "0s", to = "30d" } }"#, r#"age = { unifrom = { from = "0s", to = "30d" } }"#, "21:9", "`age` has the key `unifrom`", "unifrom", "uniform"),
    (r#"age = { uniform = { from = "0s", to = "30d" } }"#, r#"age = { kind = "uniform", from = "0s", to = "30d" }"#, "21:7", "`age` must have exactly one key", r#"age = { kind = "uniform", from = "0s", to = "30d" }"#, r#"age = { uniform = { to = "5min" } }"#),
    (r#"age = { uniform = { from = "0s", to = "30d" } }"#, r#"age = { uniform = { from = "0s", to = "1month" } }"#, "21:39", "`1month` is not a duration: a `month` has no fixed length", r#"to = "1month""#, r#"to = "30d""#),
    (r#"age = { uniform = { from = "0s", to = "30d" } }"#, "age = { uniform = { from = 0, to = 30 } }", "21:28", "`0` is not a duration: it has no unit", "", ""),
    (r#"age = { uniform = { from = "0s", to = "30d" } }"#, "age = {}", "21:7", "`age` must have exactly one key", "age = {}", r#"age = { fixed = "5min" }"#),
    (r#"age = { uniform = { from = "0s", to = "30d" } }"#, "age = 30", "21:7", "`age` is `30`", "age = 30", r#"age = { fixed = "5min" }"#),
    (r#"age = { uniform = { from = "0s", to = "30d" } }"#, "", "17:1", "`age` is missing, but must be given", "", r#"age = { fixed = "5min" }"#),
    (r#"rate = "5/s""#, "rate = 5", "28:33", "`5` is not a rate: it has no `/` and unit of time", "rate = 5", r#"rate = "5/s""#),
    (r#"rate = "5/s""#, r#"rate = "5""#, "28:33", "`5` is not a rate: it has no `/` and unit of time", r#"rate = "5""#, r#"rate = "5/s""#),
    (r#"rate = "5/s""#, "rate = 5/s", "28:33", "the text is not TOML", "rate = 5/s", r#"rate = "5/s""#),
    (r#"rate = "5/s""#, r#"rate = "0/s""#, "28:33", "`0/s` is given as a rate, but a rate must be greater than zero", "", ""),
    (r#"rate = "5/s""#, r#"rate = "-5/s""#, "28:33", "`-5/s` is given as a rate, but a rate must be greater than zero", "", ""),
    (r#"rate = "5/s""#, r#"rate = "5/fortnight""#, "28:33", "`5/fortnight` is not a rate: `fortnight` is not a unit of time", "", ""),
    (r#"rate = "5/s""#, r#"rate = "5/month""#, "28:33", "`5/month` is not a rate: `month` is not a unit of time", r#"rate = "5/month""#, r#"rate = "0.16666666666666666/d""#),
    (r#"rate = "5/s""#, r#"rate = "5 per second""#, "28:33", "`5 per second` is not a rate: it has no `/` and unit of time", r#"rate = "5 per second""#, r#"rate = "5/s""#),
    (r#"rate = "5/s""#, r#"rate = "250rps""#, "28:33", "`250rps` is not a rate: it has no `/` and unit of time", r#"rate = "250rps""#, r#"rate = "250/s""#),
    (r#"rate = "5/s""#, r#"rate = "50x/s""#, "28:33", "`50x/s` is not a rate: the part before `/` is not a number", r#"rate = "50x/s""#, r#"rate = "50/s""#),
    (r#"rate = "5/s""#, r#"rates = "5/s""#, "28:26", "unknown key `rates`", "rates", "rate"),
    (r#"rate = "5/s""#, "rate = { s = 5 }", "28:33", r#"`rate` is a table, but must be a mean number per unit of time (s, min, h, d, w), greater than zero, e.g., `"250/s"`"#, "rate = { s = 5 }", r#"rate = "250/s""#),
    (r#"rate = "5/s""#, r#"rate = "5/s", profil = { daily = [1.0] }"#, "28:40", "unknown key `profil`", "", ""),
    (r#"rate = "5/s""#, r#"rate = "5/s", profile = { daily = [1.0] }"#, "28:12", "`daily` has 1 factors, but must have 24", "", ""),
    (r#"rate = "5/s""#, r#"rate = "5/s", profile = "daily""#, "28:50", r#"`profile` is `"daily"`, but `daily` has values of its own"#, "", ""),
    (r#"rate = "5/s""#, r#"rate = "5/s", profile = { daily = "all" }"#, "28:60", r#"`daily` is `"all"`, but must be a list in brackets"#, "", ""),
    (r#"rate = "5/s""#, r#"rate = "5/s", profile = { daily = [1, "2"] }"#, "28:64", r#"an element of `daily` is `"2"`, but must be a number"#, "", ""),
    (r#"arrivals = { poisson = { rate = "5/s" } }"#, r#"arrivals = "poisson""#, "28:12", r#"`arrivals` is `"poisson"`, but `poisson` has values of its own"#, r#"arrivals = "poisson""#, r#"arrivals = { poisson = { rate = "250/s" } }"#),
    (r#"arrivals = { poisson = { rate = "5/s" } }"#, r#"arrivals = { rate = "5/s" }"#, "28:14", "`arrivals` has the key `rate`", r#"arrivals = { rate = "5/s" }"#, r#"arrivals = { poisson = { rate = "250/s" } }"#),
    (r#"arrivals = { poisson = { rate = "5/s" } }"#, r#"arrivals = { poisson = "5/s" }"#, "28:24", r#"`poisson` is `"5/s"`, but must be a table"#, r#"poisson = "5/s""#, r#"poisson = { rate = "250/s" }"#),
    (r#"arrivals = { poisson = { rate = "5/s" } }"#, "arrivals = { poisson = {} }", "28:24", "`rate` is missing, but must be given", "", ""),
    (r#"arrivals = { poisson = { rate = "5/s" } }"#, r#"arrivals = { exponential = { rate = "5/s" } }"#, "28:14", "`arrivals` has the key `exponential`", r#"arrivals = { exponential = { rate = "5/s" } }"#, r#"arrivals = { poisson = { rate = "250/s" } }"#),
    (r#"arrivals = { poisson = { rate = "5/s" } }"#, r#"arrivals = { Poisson = { rate = "5/s" } }"#, "28:14", "`arrivals` has the key `Poisson`", "Poisson", "poisson"),
    (r#"arrivals = { poisson = { rate = "5/s" } }"#, "arrivals = []", "28:12", "`arrivals` is a list", "arrivals = []", r#"arrivals = { poisson = { rate = "250/s" } }"#),
    (r#"arrivals = { poisson = { rate = "5/s" } }"#, r#"rate = "5/s""#, "28:1", "unknown key `rate`", "", ""),
    (r#"arrivals = { poisson = { rate = "5/s" } }"#, r#"arival = { poisson = { rate = "5/s" } }"#, "28:1", "unknown key `arival`", "arival", "arrivals"),
    (r#"arrivals = { poisson = { rate = "5/s" } }"#, "", "24:8", "workload `put` must have exactly one of `arrivals` and `jobs`", "", r#"arrivals = { poisson = { rate = "5/s" } }"#),
    (r#"arrivals = { poisson = { rate = "5/s" } }"#, "arrivals = { poisson = { rate = \"5/s\" } }\nmix = \"write\"", "29:7", r#"`mix` is `"write"`, but must be a table"#, "", ""),
    (r#"arrivals = { poisson = { rate = "5/s" } }"#, "arrivals = { poisson = { rate = \"5/s\" } }\nmix = { write = \"90%\" }", "29:17", r#"`write` is `"90%"`, but must be a number"#, r#"write = "90%""#, "write = 0.9"),
    (r#"arrivals = { poisson = { rate = "5/s" } }"#, "arrivals = { poisson = { rate = \"5/s\" } }\nmix = { put = 1 }", "29:9", "unknown key `put`", "put", "write"),
    (r#"arrivals = { poisson = { rate = "5/s" } }"#, "arrivals = { poisson = { rate = \"5/s\" } }\nmix = { write = true }", "29:17", "`write` is `true`, but must be a number", "write = true", "write = 1.0"),
    (r#"object_size = "1MiB""#, "object_size = 1048576", "27:15", "`1048576` is not a size: it has no unit of size", "object_size = 1048576", r#"object_size = "1048576B""#),
    (r#"object_size = "1MiB""#, r#"object_size = "8M""#, "27:15", "`8M` is not a size: it has no unit of size", r#"object_size = "8M""#, r#"object_size = "8MiB""#),
    (r#"object_size = "1MiB""#, r#"object_size = "1 potato""#, "27:15", "`1 potato` is not a size: it has no unit of size", "", ""),
    (r#"object_size = "1MiB""#, "object_size = 0", "27:15", "`0` is not a size: it has no unit of size", "", ""),
    (r#"object_size = "1MiB""#, r#"size = "1MiB""#, "27:1", "unknown key `size`", "size", "object_size"),
    (r#"object_size = "1MiB""#, r#"client = "boto""#, "27:10", "`boto` is not a known client", "boto", "boto3"),
    (r#"object_size = "1MiB""#, "client = 3", "27:10", "`client` is `3`, but must be text in quotes", "", ""),
    (r#"object_size = "1MiB""#, r#"bucket_key = "false""#, "27:14", r#"`bucket_key` is `"false"`, but must be `true` or `false`"#, r#"bucket_key = "false""#, "bucket_key = false"),
    (r#"object_size = "1MiB""#, r#"since = "30d""#, "27:9", "`since` is `30d`, but a workload runs from the start of the run or before", r#"since = "30d""#, r#"since = "-30d""#),
    (r#"object_size = "1MiB""#, r#"jobs = "nightly""#, "27:8", r#"`jobs` is `"nightly"`, but must be a table"#, "", ""),
    (r#"from = ["old"]"#, r#"from = "old""#, "35:17", r#"`from` is `"old"`, but must be a list in brackets"#, r#"from = "old""#, r#"from = ["old"]"#),
    (r#"from = ["old"]"#, "from = [5]", "35:18", "an element of `from` is `5`, but must be text in quotes", "", ""),
    (r#"from = ["old"]"#, r#"from = ["odl"]"#, "35:18", "`odl` is neither a population nor a workload here", "odl", "old"),
    (r#"from = ["old"]"#, r#"form = ["old"]"#, "35:10", "unknown key `form`", "form", "from"),
    (r#"pattern = "uniform""#, r#"pattern = "unifrom""#, "35:36", "`pattern` is `unifrom`", r#"pattern = "unifrom""#, r#"pattern = "uniform""#),
    (r#"pattern = "uniform""#, "pattern = { uniform = {} }", "35:36", "`uniform` has no values, but some are given", "pattern = { uniform = {} }", r#"pattern = "uniform""#),
    (r#"pattern = "uniform""#, r#"pattern = "zipf""#, "35:36", r#"`pattern` is `"zipf"`, but `zipf` has values of its own"#, r#"pattern = "zipf""#, "pattern = { zipf = { exponent = 1.0 } }"),
    (r#"pattern = "uniform""#, "pattern = { zipf = 1.0 }", "35:45", "`zipf` is `1.0`, but must be a table", "zipf = 1.0", "zipf = { exponent = 1.0 }"),
    (r#"pattern = "uniform""#, "pattern = 5", "35:36", "`pattern` is `5`", "pattern = 5", r#"pattern = "uniform""#),
    (r#"pattern = "uniform""#, r#"pattern = "uniform", owned = "yes""#, "35:55", r#"`owned` is `"yes"`, but must be `true` or `false`"#, "", ""),
    (r#"read = { from = ["old"], pattern = "uniform" }"#, r#"read = ["old"]"#, "35:8", "`read` is a list, but must be a table", "", ""),
    (r#"read = { from = ["old"], pattern = "uniform" }"#, r#"read = { from = ["old"] }"#, "35:8", "`pattern` is missing, but must be given", "", ""),
    ("encryption = \"sse-kms\"\n", "encryption = \"aws:kms\"\n", "39:14", "`encryption` is `aws:kms`", r#"encryption = "aws:kms""#, r#"encryption = "sse-kms""#),
    ("encryption = \"sse-kms\"\n", "encryption = \"SSE_KMS\"\n", "39:14", "`encryption` is `SSE_KMS`", r#"encryption = "SSE_KMS""#, r#"encryption = "sse-kms""#),
    ("encryption = \"sse-kms\"\n", "encryption = \"kms\"\n", "39:14", "`encryption` is `kms`", r#"encryption = "kms""#, r#"encryption = "sse-kms""#),
    ("encryption = \"sse-kms\"\n", "encryption = true\n", "39:14", "`encryption` is `true`", "encryption = true\n", r#"encryption = "sse-s3""#),
    ("encryption = \"sse-kms\"\n", "encryption = \"foo\"\n", "39:14", "`encryption` is `foo`", "encryption = \"foo\"\n", r#"encryption = "sse-s3""#),
    ("encryption = \"sse-kms\"\n", "", "37:1", "`encryption` is missing, but must be given", "", r#"encryption = "sse-s3""#),
    ("encryption = \"sse-kms\"\n", "encrypt = \"sse-kms\"\n", "39:1", "unknown key `encrypt`", "encrypt", "encryption"),
    ("encryption = \"sse-kms\"\n", "encryption = { mode = \"sse-kms\" }\n", "39:16", "`encryption` has the key `mode`", "encryption = { mode = \"sse-kms\" }\n", r#"encryption = "sse-s3""#),
    (r#"requester_rule = "session""#, r#"requester_rule = "sessions""#, "44:18", "`requester_rule` is `sessions`", r#"requester_rule = "sessions""#, r#"requester_rule = "session""#),
    (r#"requester_rule = "session""#, r#"requester_rule = "Role""#, "44:18", "`requester_rule` is `Role`", r#"requester_rule = "Role""#, r#"requester_rule = "role""#),
    (r#"requester_rule = "session""#, r#"requester_rule = ["session"]"#, "44:18", "`requester_rule` is a list", r#"requester_rule = ["session"]"#, r#"requester_rule = "session""#),
    (r#"requester_rule = "session""#, r#"migrated = "yes""#, "44:12", r#"`migrated` is `"yes"`, but must be `true` or `false`"#, r#"migrated = "yes""#, "migrated = true"),
    (r#"requester_rule = "session""#, r#"migrated_only = "old""#, "44:17", r#"`migrated_only` is `"old"`, but must be a list in brackets"#, r#"migrated_only = "old""#, r#"migrated_only = ["old"]"#),
    (r#"cache_lifetime = "3min""#, "cache_lifetime = 3", "45:34", "`3` is not a duration: it has no unit", "cache_lifetime = 3", r#"cache_lifetime = "3s""#),
    (r#"cache_lifetime = "3min""#, r#"cache_lifetime = ["1min", "5min"]"#, "45:34", "`cache_lifetime` is a list, but must be a value, or a table with `low`, `assumed` and `high`", r#"cache_lifetime = ["1min", "5min"]"#, r#"cache_lifetime = "5min""#),
    (r#"cache_lifetime = "3min""#, r#"cache_lifetime = { low = "1min", high = "5min" }"#, "45:34", "`assumed` is missing, but must be given", "", ""),
    (r#"cache_lifetime = "3min""#, r#"cache_lifetime = { low = "1min", assumed = "3min", hi = "5min" }"#, "45:68", "unknown key `hi`", "hi", "high"),
    (r#"cache_lifetime = "3min""#, r#"cache_lifetime = { low = "9min", assumed = "3min", high = "5min" }"#, "45:15", "`cache_lifetime` has low `9min`, assumed `3min`, high `5min`, but they must not descend", "", ""),
    (r#"cache_lifetime = "3min""#, r#"lifetime = "3min""#, "45:17", "unknown key `lifetime`", "lifetime", "generation_lifetime"),
    (r#"cache_lifetime = "3min""#, r#"expiry = "slide""#, "45:26", "`expiry` is `slide`", r#"expiry = "slide""#, r#"expiry = "sliding""#),
    (r#"cache_lifetime = "3min""#, "expiry = 3", "45:26", "`expiry` is `3`, but must be text in quotes", "expiry = 3", r#"expiry = "fixed""#),
    (r#"cache_lifetime = "3min""#, r#"cache_hosts = "ten""#, "45:31", r#"`cache_hosts` is `"ten"`, but must be a whole number from 0 to 4294967295"#, r#"cache_hosts = "ten""#, "cache_hosts = 1"),
    (r#"cache_lifetime = "3min""#, "cache_hosts = -1", "45:31", "`cache_hosts` is `-1`, but must be a whole number from 0 to 4294967295", "cache_hosts = -1", "cache_hosts = 1"),
    (r#"cache_lifetime = "3min""#, "cache_hosts = 1.5", "45:31", "`cache_hosts` is `1.5`, but must be a value, or a table with `low`, `assumed` and `high`", "cache_hosts = 1.5", "cache_hosts = 1"),
    (r#"cache_lifetime = "3min""#, r#"cache_hosts = { low = 1, assumed = "ten", high = 20 }"#, "45:52", r#"`assumed` is `"ten"`, but must be a whole number from 0 to 4294967295"#, r#"assumed = "ten""#, "assumed = 1"),
    (r#"assumptions = { cache_lifetime = "3min" }"#, r#"assumptions = "none""#, "45:15", r#"`assumptions` is `"none"`, but must be a table"#, r#"assumptions = "none""#, "assumptions = { cache_hosts = 1 }"),
    (r#"assumptions = { cache_lifetime = "3min" }"#, r#"assumption = { cache_lifetime = "3min" }"#, "45:1", "unknown key `assumption`", "assumption", "assumptions"),
    (r#"assumptions = { cache_lifetime = "3min" }"#, r#"cache_lifetime = "3min""#, "45:1", "unknown key `cache_lifetime`", "", ""),
    ("seed = 7", r#"lifetime = "5min""#, "3:1", "unknown key `lifetime`", "", ""),
    ("seed = 7", "requesters = 10", "3:1", "unknown key `requesters`", "", ""),
    ("seed = 7", "object_audit = true", "3:1", "unknown key `object_audit`", "", ""),
    ("seed = 7", r#"warmup = "5min""#, "3:1", "unknown key `warmup`", "warmup", "warm_up"),
    ("seed = 7", r#"warm_up = "2h""#, "3:11", "`warm_up` is `2h`, but must be shorter than the duration, `1h`", "", ""),
    ("seed = 7", "replication = 5", "3:1", "unknown key `replication`", "replication", "replications"),
    ("seed = 7", "replications = 0", "3:16", "`replications` is `0`, but must lie between 1 and 10000", "", ""),
    ("seed = 7", r#"precision = "0""#, "3:13", "`precision` is `0`, but must be greater than zero", r#"precision = "0""#, r#"precision = "0.5%""#),
    ("seed = 7", "zzzqqq = 1", "3:1", "unknown key `zzzqqq`", "", ""),
    ("seed = 7", "seed = 7\nseed = 8", "4:1", "the text is not TOML", "", ""),
    ("seed = 7", "seed: 7", "3:7", "the text is not TOML", "seed: 7", "seed = 7"),
    ("seed = 7", r#""seed": 7,"#, "3:7", "the text is not TOML", r#""seed": 7,"#, "seed = 7"),
    ("seed = 7", "seed = ", "3:8", "the text is not TOML", "", ""),
    ("seed = 7", r#"reference = "todya""#, "3:13", "`todya` is not a configuration of this scenario", "todya", "today"),
    ("seed = 7", r#"assertions = "saving > 0.5""#, "3:14", r#"`assertions` is `"saving > 0.5"`, but must be a list in brackets"#, r#"assertions = "saving > 0.5""#, r#"assertions = ["saving > 0.5"]"#),
    ("seed = 7", r#"assertions = ["savings > 0.5"]"#, "3:15", "`savings > 0.5` is not an assertion: `savings` is not a figure", "savings", "saving"),
    ("seed = 7", r#"assertions = ["saving > 50"]"#, "3:15", "`50` in `saving > 50` would be 5000 %, but `saving` is a share", "50", "50%"),
    ("seed = 7", r#"engine = "fast""#, "3:10", "`engine` is `fast`", r#"engine = "fast""#, r#"engine = "auto""#),
    ("seed = 7", r#"engine = "skip_ahead""#, "3:10", "`engine` is `skip_ahead`", "", ""),
    ("seed = 7", "sessions = 4", "3:1", "unknown key `sessions`", "", ""),
    ("seed = 7", r#"question = "unterminated"#, "3:25", "the text is not TOML", "", ""),
    ("seed = 7", r#"prices = { kms_request = "$1" }"#, "3:1", "unknown key `prices`", "", ""),
    ("seed = 7", "connections = 4", "3:1", "unknown key `connections`", "", ""),
    ("[[bucket]]\nname = \"lake\"\nregion = \"us-east-1\"\n", "", "1:1", "there is no `bucket`, but a scenario has at least one", "", ""),
    ("name = \"base\"\n", "", "1:1", "`name` is missing, but must be given", "", ""),
    ("duration = \"1h\"\n", "", "1:1", "`duration` is missing, but must be given", "", ""),
    ("name = \"put\"\n", "", "23:1", "`name` is missing, but must be given", "", ""),
    ("principal = \"app\"\nbucket = \"lake\"\nobject_size", "bucket = \"lake\"\nobject_size", "23:1", "`principal` is missing, but must be given", "", ""),
    ("name = \"app\"\n", "", "12:1", "`name` is missing, but must be given", "", ""),
    (r#"name = "put""#, r#"name = "old""#, "24:8", "the name `old` is used twice, but names must differ", "", ""),
    (r#"discount = "5%""#, "[billing.prices]\nkms_request = 3", "7:15", "`kms_request` is `3`, but must be a price in quotes, or a table with `price`, `source` and `date`", "kms_request = 3", r#"kms_request = "$0.03 per 10000""#),
    (r#"discount = "5%""#, "[billing.prices]\nkms_request = \"$0.03/10k\"", "7:15", "`$0.03/10k` is not a price: the number of units after it is not whole", r#"kms_request = "$0.03/10k""#, r#"kms_request = "$0.03 per 10000""#),
    (r#"discount = "5%""#, "[billing.prices]\nkms_request = \"$0.03 per 10,000 requests\"", "7:15", "`$0.03 per 10,000 requests` is not a price: the number of units after it is not whole", r#"kms_request = "$0.03 per 10,000 requests""#, r#"kms_request = "$0.03 per 10000""#),
    (r#"discount = "5%""#, "[billing.prices]\nkms_request = \"0.03 EUR per 10000\"", "7:15", "`0.03 EUR` is not an amount of US dollars", "", ""),
    (r#"discount = "5%""#, "[billing.prices]\nkms_reqest = \"$0.03 per 10000\"", "7:1", "unknown key `kms_reqest`", "kms_reqest", "kms_request"),
    (r#"discount = "5%""#, "[billing.prices]\nkms_request = { amount = \"$3\" }", "7:17", "unknown key `amount`", "amount", "price"),
    (r#"discount = "5%""#, "[billing.prices]\nkms_request = { price = \"$3 per 10\", date = \"soon\" }", "7:45", "`soon` is not a date", r#"date = "soon""#, r#"date = "2026-10-02""#),
    (r#"discount = "5%""#, "[billing.prices]\ndate = 2026-10-02\nkms_request = \"$3 per 10\"", "7:8", "`date` is `2026-10-02`, but must be text in quotes", "date = 2026-10-02", r#"date = "2026-10-02""#),
    (r#"discount = "5%""#, "[billing.prices.region.us-esat-1]\nkms_request = \"$3 per 10\"", "6:10", "`us-esat-1` is neither an AWS region that bks knows nor that of a bucket", "us-esat-1", "us-east-1"),
    (r#"discount = "5%""#, "[[billing.quotas]]\naccount = \"111122223333\"", "6:11", "unknown key `quotas`", "", ""),
    (r#"discount = "5%""#, "[billing.quota]\nkms_quota_per_s = 5", "6:1", "`quota` is a table, but must be a list of tables", "", ""),
    (r#"discount = "5%""#, "[[billing.quota]]\nkms_quota_per_s = \"5/s\"", "7:19", r#"`kms_quota_per_s` is `"5/s"`, but must be a whole number from 0 to 9223372036854775807"#, "[[billing.quota]]\nkms_quota_per_s = \"5/s\"", "kms_quota_per_s = 1"),
    (r#"discount = "5%""#, "background_kms = 500", "6:18", "`500` is not a rate: it has no `/` and unit of time", "background_kms = 500", r#"background_kms = "500/s""#),
    (r#"discount = "5%""#, r#"period = "1month""#, "6:10", "`1month` is not a duration: a `month` has no fixed length", r#"period = "1month""#, r#"period = "30d""#),
    (r#"discount = "5%""#, "cloudtrail_copies = true", "6:21", "`cloudtrail_copies` is `true`, but must be a whole number from 0 to 4294967295", "cloudtrail_copies = true", "cloudtrail_copies = 1"),
    (r#"discount = "5%""#, "[multipart]\nupload_part = 2", "6:1", "`multipart` has more than `1` call, but each is 0 or 1", "", ""),
    (r#"discount = "5%""#, "[client]\nname = \"x\"", "6:1", "`client` is a table, but must be a list of tables", "client", "[client]"),
    (r#"discount = "5%""#, "[[clients]]\nname = \"x\"", "6:3", "unknown key `clients`", "", ""),
];

/// What is typed after `--set`, how the message begins after that, and what the hint says to type.
#[rustfmt::skip]
const WRONG_OVERRIDES: &[(&str, &str, &str)] = &[
    (r#"seed="5""#, r#"`seed` is `"5"`, but must be a whole number from 0 to 9223372036854775807"#, "seed=5"),
    ("seed=abc", r#"`seed` is `"abc"`, but must be a whole number from 0 to 9223372036854775807"#, "seed=1"),
    ("seed=-1", "`seed` is `-1`, but must be a whole number from 0 to 9223372036854775807", "seed=1"),
    ("seed=1.5", "`seed` is `1.5`, but must be a whole number from 0 to 9223372036854775807", "seed=1"),
    ("seed=99999999999999999999", "`seed` is `99999999999999999999`, but must be a whole number from 0 to 9223372036854775807", "seed=1"),
    ("duration=5", "`5` is not a duration: it has no unit", "duration=5s"),
    ("duration=1month", "`1month` is not a duration: a `month` has no fixed length", "duration=30d"),
    ("duration=forever", "`forever` is not a duration: a number must come before each unit", ""),
    ("duration=", "`` is not a duration: it is empty", ""),
    ("billing.discount=5", "`5` is given as a share, but a share lies between 0 and 1", "billing.discount=5%"),
    ("billing.discount=150%", "`150%` is given as a share, but a share lies between 0 and 1", ""),
    ("billing.data_events=yes", r#"`data_events` is `"yes"`, but must be `true` or `false`"#, "billing.data_events=true"),
    ("billing.data_events=True", r#"`data_events` is `"True"`, but must be `true` or `false`"#, "billing.data_events=true"),
    ("billing.free_tier=maybe", "`free_tier` is `maybe`", "billing.free_tier=true"),
    ("lifetime=300", "`300` is not a duration: it has no unit", "lifetime=300s"),
    ("lifetime=0s", "assumptions: `generation_lifetime` is `0s`, but a bucket-level key must live for some time", ""),
    ("lifetme=5min", "unknown key `lifetme`", "lifetime=5min"),
    ("liftime=5min", "unknown key `liftime`", "lifetime=5min"),
    ("requesters=0", "`requesters` is `0`, but must be a whole number, at least 1", ""),
    ("requesters=many", "`requesters` is `many`, but must be a whole number, at least 1", ""),
    ("requester=5", "unknown key `requester`", "requesters=5"),
    ("requsters=10", "unknown key `requsters`", "requesters=10"),
    ("principal.app.requesters=x", "`requesters` is `x`, but must be a whole number, at least 1", ""),
    ("principal.ap.requesters=3", "`ap` is not an element of this list", ""),
    ("principal.app.requester=3", "unknown key `requester`", "principal.app.requesters=3"),
    ("principal.app.session=3", "unknown key `session`", "principal.app.sessions=3"),
    ("principal.app.sessions=two", r#"`sessions` is `"two"`, but must be a whole number from 0 to 4294967295"#, "principal.app.sessions=1"),
    ("principal.app.account=5", "principal.0.account: `account` is `5`, but an account has twelve digits", ""),
    ("principal.app.role=arn:aws:iam::111122223333:role/x", "principal.0.role: `role` is `arn:aws:iam::111122223333:role/x`, but must be a name alone", ""),
    ("workload.put.arrivals.poisson.rate=5", "`5` is not a rate: it has no `/` and unit of time", "workload.put.arrivals.poisson.rate=5/s"),
    ("workload.put.arrivals.poisson.rates=5/s", "unknown key `rates`", "workload.put.arrivals.poisson.rate=5/s"),
    ("workload.put.arrivals.periodic.rate=5/s", "`arrivals` must have exactly one key", r#"workload.put.arrivals={ periodic = { rate = "250/s" } }"#),
    ("workload.put.arrivals.rate=5/s", "`arrivals` must have exactly one key", r#"workload.put.arrivals={ poisson = { rate = "250/s" } }"#),
    ("workload.put.rate=5/s", "unknown key `rate`", "workload.put.arrivals.poisson.rate=5/s"),
    ("workload.putt.object_size=5MB", "`putt` is not an element of this list", ""),
    ("workload.put.object_size=5", "`5` is not a size: it has no unit of size", "workload.put.object_size=5B"),
    ("workload.put.object_size=8M", "`8M` is not a size: it has no unit of size", "workload.put.object_size=8MiB"),
    ("workload.9.object_size=8MB", "`9` is not an element of this list", ""),
    ("workloads.put.object_size=8MB", "unknown key `workloads`", "workload.put.object_size=8MB"),
    ("workload.put=5", "an element of `workload` is `5`, but must be a table", ""),
    ("workload=put", r#"`workload` is `"put"`, but must be a list of tables"#, ""),
    ("bucket.lake.region=us-esat-1", "bucket.0.region: `us-esat-1` is not an AWS region that bks knows", ""),
    ("bucket.lake.regoin=us-east-1", "unknown key `regoin`", "bucket.lake.region=us-east-1"),
    ("bucket.lake.directory=yes", r#"`directory` is `"yes"`, but must be `true` or `false`"#, "bucket.lake.directory=true"),
    ("buckets.lake.region=us-east-1", "unknown key `buckets`", "bucket.lake.region=us-east-1"),
    ("assumptions.cache_lifetime=300", "`300` is not a duration: it has no unit", "assumptions.cache_lifetime=300s"),
    ("assumptions.cache_lifetime.low=1", "`1` is not a duration: it has no unit", "assumptions.cache_lifetime.low=1s"),
    ("assumptions.cache_lifetime=short", "`short` is not a duration: a number must come before each unit", ""),
    ("assumptions.cache_hosts=ten", r#"`cache_hosts` is `"ten"`, but must be a whole number from 0 to 4294967295"#, "assumptions.cache_hosts=1"),
    ("assumptions.expiry=slide", "`expiry` is `slide`", "assumptions.expiry=sliding"),
    ("cache_lifetime=3min", "unknown key `cache_lifetime`", "assumptions.cache_lifetime=3min"),
    ("assumption.cache_lifetime=3min", "unknown key `assumption`", "assumptions.cache_lifetime=3min"),
    ("configuration.keys.encryption=kms", "`encryption` is `kms`", ""),
    ("configuration.keys.encryption=SSE-KMS", "`encryption` is `SSE-KMS`", ""),
    ("configuration.keys.requester_rule=both", "`requester_rule` is `both`", "configuration.keys.requester_rule=session"),
    ("configuration.keys.assumptions.cache_lifetime=x", "`x` is not a duration: a number must come before each unit", ""),
    ("object_audit=true", "unknown key `object_audit`", "billing.object_audit=true"),
    ("sessions=5", "unknown key `sessions`", "principal.app.sessions=5"),
    ("rate=5/s", "unknown key `rate`", "workload.put.arrivals.poisson.rate=5/s"),
    ("engine=fast", "`engine` is `fast`", "engine=auto"),
    ("engine=5", "`engine` is `5`", "engine=auto"),
    ("zzzqqq=1", "unknown key `zzzqqq`", ""),
    ("a.b.c=1", "unknown key `a`", ""),
    ("connections=0", "`0` is not a number of connections: it must be a whole number, at least 1, or `fresh`", ""),
    ("connections=none", "`none` is not a number of connections: it must be a whole number, at least 1, or `fresh`", ""),
    ("prices=3", "the value is `3`, but must be a table", ""),
    ("prices.kms_request=3", "unknown key `prices`", ""),
    ("billing.prices.kms_request=3", "`kms_request` is `3`, but must be a price in quotes, or a table with `price`, `source` and `date`", "billing.prices.kms_request=$0.03 per 10000"),
    ("billing.prices.kms_reqest=$3", "unknown key `kms_reqest`", "billing.prices.kms_request=$3"),
    ("warmup=5min", "unknown key `warmup`", "warm_up=5min"),
    ("warm_up=2h", "warm_up: `warm_up` is `2h`, but must be shorter than the duration, `1h`", ""),
    ("seed.x=5", "there is no key `x` below a single value", ""),
    ("billing=5", "`billing` is `5`, but must be a table", r#"billing={ background_kms = "250/s" }"#),
    ("population.old.age=30d", "`age` is `30d`", r#"population.old.age={ fixed = "5min" }"#),
    ("population.old.age.uniform.to=1month", "`1month` is not a duration: a `month` has no fixed length", "population.old.age.uniform.to=30d"),
    ("reference=todya", "reference: `todya` is not a configuration of this scenario", ""),
    ("replications=0", "replications: `replications` is `0`, but must lie between 1 and 10000", ""),
    ("precision=0", "precision: `precision` is `0`, but must be greater than zero", ""),
    ("precision=5", "`5` is given as a share, but a share lies between 0 and 1", "precision=5%"),
    ("assertions=saving>0.5", r#"`assertions` is `"saving>0.5"`, but must be a list in brackets"#, r#"assertions=["saving>0.5"]"#),
];

fn read(text: &str, overrides: &[&str]) -> Result<(), String> {
    let overrides: Vec<Override> =
        overrides.iter().map(|typed| Override::parse(typed).unwrap()).collect();
    let read = Scenario::read(text, "s.toml", &overrides, &|_| unreachable!("nothing is included"));
    read.map(|_| ()).map_err(|error| error.to_string())
}

#[test]
fn mistakes_in_a_file_are_told_with_place_and_way_out() {
    assert_eq!(read(RIGHT, &[]), Ok(()));
    for (right, wrong, place, begins, replaced, hinted) in WRONG {
        assert!(RIGHT.contains(right), "{right}");
        let message = read(&RIGHT.replacen(right, wrong, 1), &[]).expect_err(wrong);
        let begins = format!("s.toml:{place}: {begins}");
        assert!(message.starts_with(&begins), "{wrong}\n{message}\nis not\n{begins}");
        if !hinted.is_empty() {
            let hint = message.split_once("\n\nhint: ").expect(wrong).1;
            assert!(hint.contains(&format!("`{hinted}`")), "{wrong}\n{message}");
            let typed = wrong.replacen(replaced, hinted, 1);
            assert_eq!(read(&RIGHT.replacen(right, &typed, 1), &[]), Ok(()), "{wrong}\n{message}");
        }
    }
}

#[test]
fn mistakes_in_overrides_are_told_with_what_was_typed_and_way_out() {
    for (typed, begins, hinted) in WRONG_OVERRIDES {
        let message = read(RIGHT, &[typed]).expect_err(typed);
        let begins = format!("--set {typed}: {begins}");
        assert!(message.starts_with(&begins), "{message}\nis not\n{begins}");
        if !hinted.is_empty() {
            let ways = [format!("`--set {hinted}`"), format!("`--set '{hinted}'`")];
            assert!(ways.iter().any(|way| message.contains(way)), "{hinted}\n{message}");
            assert_eq!(read(RIGHT, &[hinted]), Ok(()), "{message}");
        }
    }
}
