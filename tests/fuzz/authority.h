/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * authority - two authorities of one subject, as PEM, so that their hash links compete
 *
 * Constants, so that an input means the same in every run. Their keys are gone.
 */
#define AUTHORITY_ONE                                                                              \
	"-----BEGIN CERTIFICATE-----\n"                                                            \
	"MIIBdTCCARugAwIBAgIUUpfIIJhEraRBeJ+o5jSdfyJZwmYwCgYIKoZIzj0EAwIw\n"                       \
	"DzENMAsGA1UEAwwEZnV6ejAgFw0yNjExMjYxMTM5MDlaGA8yMTI2MTEwMjExMzkw\n"                       \
	"OVowDzENMAsGA1UEAwwEZnV6ejBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABPha\n"                       \
	"WJy2A2/bFdp0ueQ27Csvt0+eRK7bCN5pTNLN3jNhE5yQP9A///Szd9j/JDbJjuTh\n"                       \
	"W5kov4hqiEM0dS6rPJSjUzBRMB0GA1UdDgQWBBRqqIbZpMX+yUn9yN4yfGhjNUHF\n"                       \
	"hzAfBgNVHSMEGDAWgBRqqIbZpMX+yUn9yN4yfGhjNUHFhzAPBgNVHRMBAf8EBTAD\n"                       \
	"AQH/MAoGCCqGSM49BAMCA0gAMEUCIQDS91tGXVc/6VZYFBipzpRUYvKa0YlUiD/1\n"                       \
	"jYqhwkLdugIgKpYYvYL7C202E3yfNJdYWiL6ZIr0GcWu6U9XKdklNYQ=\n"                               \
	"-----END CERTIFICATE-----\n"

#define AUTHORITY_TWO                                                                              \
	"-----BEGIN CERTIFICATE-----\n"                                                            \
	"MIIBdTCCARugAwIBAgIUe9W7vICQkHCsmx+6FDOfE4DO5vYwCgYIKoZIzj0EAwIw\n"                       \
	"DzENMAsGA1UEAwwEZnV6ejAgFw0yNjExMjYxMTM5MDlaGA8yMTI2MTEwMjExMzkw\n"                       \
	"OVowDzENMAsGA1UEAwwEZnV6ejBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNL7\n"                       \
	"3/PFcv9t1PHJcyUIsC9Sl7R7CamRIORVH5IFyKiG0RRncx+f+SrQ5tqgAzh2psY1\n"                       \
	"iI3nlZUs4iFV8nPW6D2jUzBRMB0GA1UdDgQWBBQznPU/qGdb3ucNYTFvJNC9e2Pj\n"                       \
	"sTAfBgNVHSMEGDAWgBQznPU/qGdb3ucNYTFvJNC9e2PjsTAPBgNVHRMBAf8EBTAD\n"                       \
	"AQH/MAoGCCqGSM49BAMCA0gAMEUCIEh/uMDUOeISma3VrL22Tc1FyDETYsQO9QCs\n"                       \
	"Q0ecc6pkAiEApphSYew3jEZ/97+ZhskWJaxLc+cGuZ4tPZ9DACgiqto=\n"                               \
	"-----END CERTIFICATE-----\n"
