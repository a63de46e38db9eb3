package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"time"
)

// waitReady asks /readyz until it says ok, then returns the version that the server reports.
func waitReady(url string, id identity) string {
	authorities := x509.NewCertPool()
	if pem, err := os.ReadFile(id.caFile); err == nil {
		authorities.AppendCertsFromPEM(pem)
	}
	client := &http.Client{
		Timeout:   time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: authorities}},
	}
	defer client.CloseIdleConnections()
	get := func(path string) ([]byte, bool) {
		request, err := http.NewRequest(http.MethodGet, url+path, nil)
		if err != nil {
			return nil, false
		}
		request.Header.Set("Authorization", "Bearer "+id.tokens["admin"])
		response, err := client.Do(request)
		if err != nil {
			return nil, false
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		return body, err == nil && response.StatusCode == http.StatusOK
	}
	for ; ; time.Sleep(50 * time.Millisecond) {
		if _, ok := get("/readyz"); !ok {
			continue
		}
		var version struct {
			GitVersion string `json:"gitVersion"`
		}
		if body, ok := get("/version"); ok && json.Unmarshal(body, &version) == nil {
			return version.GitVersion
		}
	}
}
