#![cfg_attr(fuzzing, no_main)]

rust_net_fuzz::target!(spans);
