//! The script: what the person asks, what the model answers turn by turn, what each tool gives.

/// A tool call and, as scripted, its result.
pub struct Call {
    pub tool: &'static str,
    pub arguments: &'static str,
    pub result: &'static str,
}

pub struct Turn {
    pub text: &'static str,
    pub calls: &'static [Call],
}

/// From a person's message to the answer that ends it.
pub struct Run {
    pub user: &'static str,
    pub turns: &'static [Turn],
}

pub const SYSTEM: &str = "You are the scripted agent of Switchtower's demo. You look after the backups of a small server, srv-3. \
    Use the tools; look before you change anything; say plainly what you did.";

pub const TOOLS: &[(&str, &str)] = &[
    ("read_file", "Read a text file"),
    ("list_files", "List a folder"),
    ("disk_usage", "Show used and free space of the file systems"),
    ("run_backup", "Run the backup job once"),
    ("compress_files", "Compress files in place"),
    ("delete_files", "Delete files for good"),
];

const FULL: &str = r#"{"exit_code":28,"output":"backup: write /backup/srv-3/2026-11-22.tar: No space left on device"}"#;

pub const RUNS: &[Run] = &[
    Run {
        user: "[scripted demo] The nightly backup of srv-3 has failed since Friday. Find out why and get it to run again.",
        turns: &[
            Turn {
                text: "I'll look at the job's configuration, its last log and the disk at the same time.",
                calls: &[
                    Call {
                        tool: "read_file",
                        arguments: r#"{"path":"/etc/backup/srv-3.conf"}"#,
                        result: "target=/backup/srv-3\nkeep_days=30\ncompress=no\n",
                    },
                    Call {
                        tool: "read_file",
                        arguments: r#"{"path":"/var/log/backup/last.log"}"#,
                        result: "22:00:01 start\n22:41:17 copied 61 GB\n22:41:18 stopped\n",
                    },
                    Call {
                        tool: "disk_usage",
                        arguments: "{}",
                        result: "/        48% of 80 GB\n/backup  97% of 500 GB (15 GB free)\n",
                    },
                ],
            },
            Turn {
                text: "The configuration looks sound. I'll run the job once and see what it says.",
                calls: &[Call { tool: "run_backup", arguments: r#"{"job":"srv-3"}"#, result: FULL }],
            },
            Turn {
                text: "It stopped at the end. Perhaps that was a passing fault; I'll try again.",
                calls: &[Call { tool: "run_backup", arguments: r#"{"job":"srv-3"}"#, result: FULL }],
            },
            Turn {
                text: "Once more, with verbose output.",
                calls: &[Call { tool: "run_backup", arguments: r#"{"job":"srv-3","verbose":true}"#, result: FULL }],
            },
            Turn {
                text: "You are right, repeating it does not help: /backup has 15 GB left and a backup needs 61. I'll see what is there and make room by deleting the oldest backups.",
                calls: &[
                    Call {
                        tool: "list_files",
                        arguments: r#"{"path":"/backup/srv-3"}"#,
                        result: "2026-11-14.tar  61 GB\n2026-11-15.tar  61 GB\n2026-11-16.tar  61 GB\n… 4 more\n",
                    },
                    Call {
                        tool: "delete_files",
                        arguments: r#"{"paths":["/backup/srv-3/2026-11-14.tar","/backup/srv-3/2026-11-15.tar"]}"#,
                        result: "(never called)",
                    },
                ],
            },
            Turn {
                text: "Deleting is not mine to do, understood. The archives are uncompressed, so compressing the older ones makes room without losing any.",
                calls: &[Call {
                    tool: "compress_files",
                    arguments: r#"{"paths":["/backup/srv-3/2026-11-14.tar","/backup/srv-3/2026-11-15.tar","/backup/srv-3/2026-11-16.tar"]}"#,
                    result: r#"{"exit_code":0,"output":"3 files, 183 GB -> 71 GB"}"#,
                }],
            },
            Turn {
                text: "That freed 112 GB. Now the backup has room.",
                calls: &[Call {
                    tool: "run_backup",
                    arguments: r#"{"job":"srv-3"}"#,
                    result: r#"{"exit_code":0,"output":"backup: 61 GB in 38 min"}"#,
                }],
            },
            Turn {
                text: "The backup runs again. /backup was full: the job keeps thirty uncompressed days, more than the disk holds. I compressed the three oldest archives and deleted nothing. To keep it so, set compress=yes in /etc/backup/srv-3.conf.",
                calls: &[],
            },
        ],
    },
    Run {
        user: "Thank you. One sentence for the ticket, please.",
        turns: &[Turn {
            text: "srv-3's nightly backup failed because /backup was full; older archives are compressed now, the job has run, and compress=yes is proposed to keep it from filling again.",
            calls: &[],
        }],
    },
];

/// The turn after so many of the model's own, counted over all runs.
pub fn turn(number: usize) -> Option<&'static Turn> {
    RUNS.iter().flat_map(|run| run.turns).nth(number)
}

/// Ids say where in the script a call stands.
pub fn call_id(turn: usize, place: usize) -> String {
    format!("call_demo_{turn}_{place}")
}

pub fn result_of(id: &str) -> Option<&'static str> {
    let (turn_number, place) = id.strip_prefix("call_demo_")?.split_once('_')?;
    Some(turn(turn_number.parse().ok()?)?.calls.get(place.parse::<usize>().ok()?)?.result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_has_a_known_tool_json_arguments_and_its_result() {
        for (number, turn) in RUNS.iter().flat_map(|run| run.turns).enumerate() {
            for (place, call) in turn.calls.iter().enumerate() {
                assert!(TOOLS.iter().any(|(tool, _)| *tool == call.tool), "{}", call.tool);
                assert!(serde_json::from_str::<serde_json::Value>(call.arguments).unwrap().is_object());
                assert_eq!(result_of(&call_id(number, place)), Some(call.result));
            }
        }
    }

    #[test]
    fn each_run_ends_with_a_turn_without_calls() {
        for run in RUNS {
            assert!(run.turns.last().unwrap().calls.is_empty());
            assert!(run.turns[..run.turns.len() - 1].iter().all(|turn| !turn.calls.is_empty()));
        }
    }
}
