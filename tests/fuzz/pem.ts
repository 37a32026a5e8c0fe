/** A server's key and certificate that are the same in every run, so that a seed can be repeated. */
import type { Identity } from "../../src/transport/security.ts";

/** Made for these tests; no server has it. */
export const PEM: Identity = {
  pin: "bBvoijPU-2C9i-27tX0lQte2spfE_54Y-I2HbAIa4qQ",
  certificate: `-----BEGIN CERTIFICATE-----
MIIB3DCCAYKgAwIBAgIQduJFwYNXKFeWTcloo1JJ0jAKBggqhkjOPQQDAjA2MTQw
MgYDVQQDEys2YzFiZTg4YTMzZDRmYjYwYmQ4YmVkYmJiNTdkMjU0Mi5mdC5pbnZh
bGlkMCAXDTAwMDEwMTAwMDAwMFoYDzIxMDAwMTAxMDAwMDAwWjA2MTQwMgYDVQQD
Eys2YzFiZTg4YTMzZDRmYjYwYmQ4YmVkYmJiNTdkMjU0Mi5mdC5pbnZhbGlkMFkw
EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEtugBGGwHN/ejn7TAOkHAzc5tOl7Zi9Ye
NbuuHLG9n/7gc15UtJsmBHMhXDjb9z+Sr7Rlt9GxiXbcMc1KB8CWH6NwMG4wDAYD
VR0TAQH/BAIwADAOBgNVHQ8BAf8EBAMCB4AwFgYDVR0lAQH/BAwwCgYIKwYBBQUH
AwEwNgYDVR0RBC8wLYIrNmMxYmU4OGEzM2Q0ZmI2MGJkOGJlZGJiYjU3ZDI1NDIu
ZnQuaW52YWxpZDAKBggqhkjOPQQDAgNIADBFAiEAzIBUXGiw9UjM1+u78tyUADvQ
yfeCLv7kxEk1v9DPhfoCIDy004fIUUW+KVCoJj53d7ZJBDUKkKTSKqjbN7zqaGNN
-----END CERTIFICATE-----
`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgssjZUtrqw7mwWMRC
jYS+vlbuVAzswJfOrkB3Q0A6lmChRANCAAS26AEYbAc396OftMA6QcDNzm06XtmL
1h41u64csb2f/uBzXlS0myYEcyFcONv3P5KvtGW30bGJdtwxzUoHwJYf
-----END PRIVATE KEY-----
`,
};
