//! Logs as tables with a line of column names, structures as JSON or as Hive writes them.

#![no_main]

use libfuzzer_sys::fuzz_target;

const TRAIL: &[u8] = b"eventtime,eventsource,eventname,useridentity,requestparameters,resources\n";
const LOG: &[u8] = b"bucket_name,requestdatetime,requester,requestid,operation,key,httpstatus\n";

fuzz_target!(|bytes: &[u8]| {
    for header in [TRAIL, LOG] {
        bks_fuzz::read(&[header, bytes].concat(), None);
    }
});
