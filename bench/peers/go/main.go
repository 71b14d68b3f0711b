// SPDX-License-Identifier: MIT

// The benchmark's servers in Go: a goroutine a connection. Go turns TCP_NODELAY on by itself.
// GOMAXPROCS=1 in the environment gives it one thread for Go code, as all others have.
package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
)

const (
	readMax    = 65536
	messageMax = 1 << 20
)

func echo(peer net.Conn) {
	data := make([]byte, readMax)
	for {
		count, err := peer.Read(data)
		if err != nil {
			return
		}
		if _, err := peer.Write(data[:count]); err != nil {
			return
		}
	}
}

func framed(peer net.Conn) {
	reader := bufio.NewReaderSize(peer, readMax)
	message := make([]byte, 4, 4096)
	for {
		if _, err := io.ReadFull(reader, message[:4]); err != nil {
			return
		}
		size := int(binary.BigEndian.Uint32(message[:4]))
		if size > messageMax {
			return
		}
		if 4+size > cap(message) {
			message = append(make([]byte, 0, 4+size), message[:4]...)
		}
		message = message[:4+size]
		if _, err := io.ReadFull(reader, message[4:]); err != nil {
			return
		}
		if _, err := peer.Write(message); err != nil {
			return
		}
	}
}

func once(peer net.Conn) {
	data := make([]byte, 4096)
	if count, err := peer.Read(data); err == nil {
		peer.Write(data[:count])
	}
}

func discard(peer net.Conn) {
	data := make([]byte, readMax)
	for {
		if _, err := peer.Read(data); err != nil {
			return
		}
	}
}

var payload = bytes.Repeat([]byte{'x'}, readMax)

func source(peer net.Conn) {
	for {
		if _, err := peer.Write(payload); err != nil {
			return
		}
	}
}

func datagrams(address string) error {
	here, err := net.ResolveUDPAddr("udp4", address)
	if err != nil {
		return err
	}
	socket, err := net.ListenUDP("udp4", here)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	data := make([]byte, readMax)
	for {
		count, from, err := socket.ReadFromUDPAddrPort(data)
		if err != nil {
			return err
		}
		socket.WriteToUDPAddrPort(data[:count], from)
	}
}

func listen(address string, serve func(net.Conn)) error {
	listener, err := net.Listen("tcp4", address)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	for {
		peer, err := listener.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer peer.Close()
			serve(peer)
		}()
	}
}

func main() {
	modes := map[string]func(net.Conn){
		"echo": echo, "framed": framed, "accept": once, "discard": discard, "source": source,
	}
	if len(os.Args) != 3 {
		os.Exit(64)
	}
	address := "127.0.0.1:" + os.Args[2]
	var err error
	if serve := modes[os.Args[1]]; serve != nil {
		err = listen(address, serve)
	} else if os.Args[1] == "udp" {
		err = datagrams(address)
	} else {
		os.Exit(64)
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
