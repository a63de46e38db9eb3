package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// identity is what the server proves itself by and what it takes as proof, all of it in files of the data directory.
type identity struct {
	caFile, certFile, keyFile string
	serviceAccountKeyFile     string
	tokenFile                 string
	tokens                    map[string]string
}

// users maps a user's name to its groups.
type users map[string][]string

func (u *users) String() string { return strings.Join(slices.Sorted(maps.Keys(*u)), " ") }

func (u *users) Set(value string) error {
	name, groups, _ := strings.Cut(value, ":")
	if name == "" || strings.ContainsAny(value, "\"\n") {
		return fmt.Errorf("%q is no user", value)
	}
	if *u == nil {
		*u = users{}
	}
	(*u)[name] = strings.FieldsFunc(groups, func(r rune) bool { return r == ',' })
	return nil
}

// loadIdentity reads what an earlier run left in the directory and makes what is missing.
func loadIdentity(directory string, wanted users) (identity, error) {
	in := func(name string) string { return filepath.Join(directory, name) }
	id := identity{
		caFile:                in("ca.crt"),
		certFile:              in("server.crt"),
		keyFile:               in("server.key"),
		serviceAccountKeyFile: in("service-account.key"),
		tokenFile:             in("tokens.csv"),
	}
	if missing(id.keyFile) {
		if err := writeCertificates(id); err != nil {
			return id, err
		}
	}
	if missing(id.serviceAccountKeyFile) {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return id, err
		}
		if err := writePEM(id.serviceAccountKeyFile, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key)); err != nil {
			return id, err
		}
	}
	var err error
	id.tokens, err = writeTokens(id.tokenFile, wanted)
	return id, err
}

func missing(file string) bool {
	_, err := os.Stat(file)
	return errors.Is(err, fs.ErrNotExist)
}

// writeCertificates makes an authority and a certificate of it for the loopback addresses. The server's key is
// written last: where it stands, the rest does too.
func writeCertificates(id identity) error {
	authorityKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	serverKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	from, to := time.Now().Add(-time.Hour), time.Now().AddDate(1, 0, 0)
	authority := &x509.Certificate{
		SerialNumber:          big.NewInt(time.Now().UnixNano()),
		Subject:               pkix.Name{CommonName: "kube-watchlist test authority"},
		NotBefore:             from,
		NotAfter:              to,
		KeyUsage:              x509.KeyUsageCertSign,
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	server := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: "kube-apiserver"},
		NotBefore:    from,
		NotAfter:     to,
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		DNSNames:     []string{"localhost"},
	}
	authorityDER, err := x509.CreateCertificate(rand.Reader, authority, authority, authorityKey.Public(), authorityKey)
	if err != nil {
		return err
	}
	serverDER, err := x509.CreateCertificate(rand.Reader, server, authority, serverKey.Public(), authorityKey)
	if err != nil {
		return err
	}
	keyDER, err := x509.MarshalECPrivateKey(serverKey)
	if err != nil {
		return err
	}
	if err := writePEM(id.caFile, "CERTIFICATE", authorityDER); err != nil {
		return err
	}
	if err := writePEM(id.certFile, "CERTIFICATE", serverDER); err != nil {
		return err
	}
	return writePEM(id.keyFile, "EC PRIVATE KEY", keyDER)
}

func writePEM(file, kind string, der []byte) error {
	return os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}

// writeTokens gives every user the token of an earlier run or a new one. Users that are no longer wanted lose theirs.
func writeTokens(file string, wanted users) (map[string]string, error) {
	all := users{"admin": {"system:masters"}}
	maps.Copy(all, wanted)
	known := map[string]string{}
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Split(line, ","); len(fields) > 1 {
			known[fields[1]] = fields[0]
		}
	}
	tokens := map[string]string{}
	var lines strings.Builder
	for _, name := range slices.Sorted(maps.Keys(all)) {
		token := known[name]
		if token == "" {
			random := make([]byte, 16)
			if _, err := rand.Read(random); err != nil {
				return nil, err
			}
			token = hex.EncodeToString(random)
		}
		tokens[name] = token
		fmt.Fprintf(&lines, "%s,%s,%s,\"%s\"\n", token, name, name, strings.Join(all[name], ","))
	}
	return tokens, os.WriteFile(file, []byte(lines.String()), 0o600)
}
