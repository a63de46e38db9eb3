package main

import (
	"errors"
	"os"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
)

// The configuration is written as a file because the names of embed.Config's fields changed between etcd 3.5 and 3.6,
// those of the file did not. Port 0 takes a free one: nobody but this process needs to know it.
// Without fsync a kill of the process loses nothing; only a crash of the machine would.
const etcdConfiguration = `
name: default
listen-client-urls: http://127.0.0.1:0
advertise-client-urls: http://127.0.0.1:0
listen-peer-urls: http://127.0.0.1:0
initial-advertise-peer-urls: http://127.0.0.1:0
initial-cluster: default=http://127.0.0.1:0
log-level: error
unsafe-no-fsync: true
data-dir: `

const etcdDeadline = 30 * time.Second

// startEtcd starts an etcd on a directory and returns the address of its clients.
func startEtcd(directory string) (*embed.Etcd, string, error) {
	file := directory + ".yaml"
	// A path in single quotes is YAML for every path without one.
	if err := os.WriteFile(file, []byte(etcdConfiguration+"'"+directory+"'\n"), 0o600); err != nil {
		return nil, "", err
	}
	config, err := embed.ConfigFromFile(file)
	if err != nil {
		return nil, "", err
	}
	etcd, err := embed.StartEtcd(config)
	if err != nil {
		return nil, "", err
	}
	select {
	case <-etcd.Server.ReadyNotify():
		return etcd, "http://" + etcd.Clients[0].Addr().String(), nil
	case err = <-etcd.Err():
	case <-time.After(etcdDeadline):
		err = errors.New("not ready in time")
	}
	etcd.Close()
	return nil, "", err
}
