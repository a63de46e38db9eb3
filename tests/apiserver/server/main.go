// Command apiserver runs a real kube-apiserver and the etcd behind it in one process, on the loopback interface.
//
// When the server says that it is ready, one line of JSON on standard output tells where it is and with which tokens
// it may be asked. The program ends on SIGTERM or SIGINT, and when its standard input ends, so that it never outlives
// the process that started it. Started again with the same -data it has the same objects, tokens and certificates.
//
// Everything after `--` goes to kube-apiserver as it is: --feature-gates, --emulated-version, --cors-allowed-origins,
// --etcd-compaction-interval, --watch-cache and the like.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"syscall"

	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

// address is what a caller needs to talk to the server.
type address struct {
	URL     string            `json:"url"`
	CAFile  string            `json:"caFile"`
	Tokens  map[string]string `json:"tokens"`
	Version string            `json:"version"`
}

type options struct {
	data          string
	port          int
	authorization string
	users         users
	apiserver     []string
}

func main() {
	if err := run(parse()); err != nil {
		fmt.Fprintln(os.Stderr, "apiserver:", err)
		os.Exit(1)
	}
}

// parse uses a flag set of its own: the libraries of Kubernetes put theirs into the global one.
func parse() options {
	var o options
	flags := flag.NewFlagSet("apiserver", flag.ExitOnError)
	flags.StringVar(&o.data, "data", "", "directory of etcd's data, certificates and tokens; made where it is missing")
	flags.IntVar(&o.port, "port", 0, "port of the API server; 0 takes a free one")
	flags.StringVar(&o.authorization, "authorization", "AlwaysAllow", "AlwaysAllow or RBAC")
	flags.Var(&o.users, "user", "NAME or NAME:GROUP,GROUP of a user with a token; may be repeated; admin is always there")
	// ExitOnError: Parse does not return an error.
	_ = flags.Parse(os.Args[1:])
	o.apiserver = flags.Args()
	return o
}

func run(o options) error {
	if o.data == "" {
		return errors.New("-data DIRECTORY is missing")
	}
	if err := os.MkdirAll(o.data, 0o700); err != nil {
		return err
	}
	id, err := loadIdentity(o.data, o.users)
	if err != nil {
		return fmt.Errorf("certificates and tokens: %w", err)
	}
	etcd, etcdURL, err := startEtcd(filepath.Join(o.data, "etcd"))
	if err != nil {
		return fmt.Errorf("etcd: %w", err)
	}
	defer etcd.Close()
	if o.port == 0 {
		if o.port, err = freePort(); err != nil {
			return err
		}
	}

	// The command handles SIGTERM and SIGINT itself: it drains, closes watches and returns.
	command := app.NewAPIServerCommand()
	command.SetArgs(arguments(o, id, etcdURL))
	go announce(o.port, id)
	go stopWithParent()
	return command.Execute()
}

// arguments are kube-apiserver's. Its own defaults hold wherever nothing here says otherwise.
func arguments(o options, id identity, etcdURL string) []string {
	return append([]string{
		"--etcd-servers=" + etcdURL,
		"--bind-address=127.0.0.1",
		fmt.Sprintf("--secure-port=%d", o.port),
		"--tls-cert-file=" + id.certFile,
		"--tls-private-key-file=" + id.keyFile,
		"--token-auth-file=" + id.tokenFile,
		"--authorization-mode=" + o.authorization,
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-signing-key-file=" + id.serviceAccountKeyFile,
		"--service-account-key-file=" + id.serviceAccountKeyFile,
		"--service-cluster-ip-range=10.0.0.0/24",
		// No controller makes service accounts here, and pods must not wait for one.
		"--disable-admission-plugins=ServiceAccount",
		// The others refuse to advertise a loopback address.
		"--endpoint-reconciler-type=none",
		// Without it, one open watch keeps a server that was told to stop for a minute.
		"--shutdown-watch-termination-grace-period=1s",
	}, o.apiserver...)
}

// announce prints the address once the server is ready. A server that never is ends by its own error, or is
// stopped by the caller, who waits for this line with a deadline.
func announce(port int, id identity) {
	url := fmt.Sprintf("https://127.0.0.1:%d", port)
	version := waitReady(url, id)
	line, err := json.Marshal(address{URL: url, CAFile: id.caFile, Tokens: id.tokens, Version: version})
	if err != nil {
		panic(err) // strings always encode
	}
	fmt.Println(string(line))
}

// stopWithParent asks this process to end, as a caller's signal would, when standard input ends.
func stopWithParent() {
	_, _ = io.Copy(io.Discard, os.Stdin)
	_ = syscall.Kill(os.Getpid(), syscall.SIGTERM)
}

// freePort finds a port that is free now. kube-apiserver takes no listener, so another process may be faster;
// the server then ends with an error, and the caller starts it again.
func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}
