// SPDX-License-Identifier: MIT

//! The benchmark's servers on tokio's current-thread runtime: a task a connection.

use std::io::{self, Write};
use std::time::Duration;
use std::{env, future, process};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

const READ_MAX: usize = 65536;
const MESSAGE_MAX: usize = 1 << 20;

async fn echo(mut peer: TcpStream) -> io::Result<()> {
    let mut data = Vec::with_capacity(READ_MAX);
    while peer.read_buf(&mut data).await? > 0 {
        peer.write_all(&data).await?;
        data.clear();
    }
    Ok(())
}

async fn framed(mut peer: TcpStream) -> io::Result<()> {
    let (reader, mut writer) = peer.split();
    let mut reader = BufReader::with_capacity(READ_MAX, reader);
    let mut message = Vec::new();
    loop {
        let size = reader.read_u32().await?;
        if size as usize > MESSAGE_MAX {
            return Ok(());
        }
        message.resize(4 + size as usize, 0);
        message[..4].copy_from_slice(&size.to_be_bytes());
        reader.read_exact(&mut message[4..]).await?;
        writer.write_all(&message).await?;
    }
}

async fn once(mut peer: TcpStream) -> io::Result<()> {
    let mut data = [0; 4096];
    let count = peer.read(&mut data).await?;
    peer.write_all(&data[..count]).await
}

async fn discard(mut peer: TcpStream) -> io::Result<()> {
    let mut data = Vec::with_capacity(READ_MAX);
    while peer.read_buf(&mut data).await? > 0 {
        data.clear();
    }
    Ok(())
}

async fn source(mut peer: TcpStream) -> io::Result<()> {
    let payload = vec![b'x'; READ_MAX];
    loop {
        peer.write_all(&payload).await?;
    }
}

fn ready() -> io::Result<()> {
    println!("ready");
    io::stdout().flush()
}

async fn datagrams(address: &str) -> io::Result<()> {
    let socket = UdpSocket::bind(address).await?;
    ready()?;
    let mut data = vec![0; READ_MAX];
    loop {
        let (count, from) = socket.recv_from(&mut data).await?;
        socket.send_to(&data[..count], from).await?;
    }
}

extern "C" {
    fn clock_gettime(clock: i32, time: *mut [i64; 2]) -> i32;
}

fn cpu_seconds() -> f64 {
    const CLOCK_PROCESS_CPUTIME_ID: i32 = 2;
    let mut time = [0; 2];
    // SAFETY: a timespec is two 64-bit numbers on every 64-bit Linux.
    unsafe { clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    time[0] as f64 + time[1] as f64 / 1e9
}

/// As bench_timers. A timeout asks its operation first: one that is over at once arms no timer.
async fn timers(turn: bool) -> io::Result<()> {
    const DEADLINES: u32 = 1_000_000;
    const HOUR: Duration = Duration::from_secs(3600);
    for i in 0..1000 {
        tokio::spawn(tokio::time::sleep(2 * HOUR + Duration::from_secs(i)));
    }
    tokio::task::yield_now().await;
    let before = cpu_seconds();
    for _ in 0..DEADLINES {
        let over = if turn {
            tokio::time::timeout(HOUR, tokio::task::yield_now()).await
        } else {
            tokio::time::timeout(HOUR, future::ready(())).await
        };
        over.expect("an hour");
    }
    let used = cpu_seconds() - before;
    println!(
        "{{\"messages\": {DEADLINES}, \"seconds\": {used:.6}, \"server_cpu_ns\": {:.0}, \"lost\": 0}}",
        used * 1e9
    );
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let arguments: Vec<String> = env::args().collect();
    if arguments.len() != 3 {
        process::exit(64);
    }
    let mode = arguments[1].as_str();
    let address = format!("127.0.0.1:{}", arguments[2]);
    match mode {
        "timers" | "timers_turn" => return timers(mode == "timers_turn").await,
        "udp" => return datagrams(&address).await,
        "echo" | "framed" | "accept" | "discard" | "source" => {}
        _ => process::exit(64),
    }
    let listener = TcpListener::bind(&address).await?;
    ready()?;
    loop {
        let (peer, _) = listener.accept().await?;
        peer.set_nodelay(true)?;
        // An error is the peer's leaving, which ends its task and nothing else.
        match mode {
            "echo" => tokio::spawn(echo(peer)),
            "framed" => tokio::spawn(framed(peer)),
            "accept" => tokio::spawn(once(peer)),
            "discard" => tokio::spawn(discard(peer)),
            _ => tokio::spawn(source(peer)),
        };
    }
}
