//! `fake-apiserver`: prints its address as a line of JSON, and serves until it is told to stop.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use fake_apiserver::http::{Options, Server};
use fake_apiserver::model::Profile;
use fake_apiserver::world::Settings;
use tokio::io::AsyncReadExt as _;
use tokio::signal::unix::{SignalKind, signal};

/// An API server for the demo, the tests and the benchmarks of kube-watchlist, on 127.0.0.1.
#[derive(Debug, Parser)]
struct Arguments {
    /// The port; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// The version to behave as: 1.18, 1.26, 1.31, 1.32, 1.33, 1.34, 1.37 or 1.37-watchlist-off
    #[arg(long, default_value = "1.37")]
    profile: Profile,
    /// About how many pods there are
    #[arg(long, default_value_t = 1_000)]
    pods: usize,
    /// Writes a second
    #[arg(long, default_value_t = 0.0)]
    churn: f64,
    /// The same seed gives the same cluster
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// A directory to serve beside the API
    #[arg(long)]
    www: Option<PathBuf>,
    /// An origin that may read answers, or * for every origin
    #[arg(long)]
    cors: Option<String>,
    /// The bearer token that requests must carry
    #[arg(long)]
    token: Option<String>,
    /// Stop when standard input closes
    #[arg(long)]
    exit_with_parent: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            drop(writeln!(std::io::stderr(), "fake-apiserver: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let world = Settings {
        pods: arguments.pods,
        churn: arguments.churn,
        seed: arguments.seed,
    };
    let server = Server::start(Options {
        port: arguments.port,
        profile: arguments.profile,
        world,
        www: arguments.www,
        cors: arguments.cors,
        token: arguments.token,
    })
    .await?;
    let mut out = std::io::stdout();
    writeln!(out, "{}", serde_json::json!({"url": server.url()}))?;
    out.flush()?;
    let parent = async {
        if arguments.exit_with_parent {
            let mut sink = [0; 256];
            let mut input = tokio::io::stdin();
            while matches!(input.read(&mut sink).await, Ok(read) if read > 0) {}
        } else {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        () = parent => {}
    }
    drop(server);
    // A thread that still reads standard input must not keep the process.
    std::process::exit(0)
}
