/* What the gateway's parts share. For gateway/ alone. */
#ifndef PAWL_GATEWAY_GATEWAY_PARTS_H
#define PAWL_GATEWAY_GATEWAY_PARTS_H

#include "gateway/client.h"
#include "gateway/gateway.h"
#include "gateway/view.h"

struct activities;
struct api_counts;
struct http;

struct gateway {
    struct gateway_config config;
    struct bus *bus;
    struct codec *codec;
    struct kv *kv;
    struct view *view;
    struct client *client;
    struct activities *activities;
    struct api_counts *counts;
    struct tls *tls; /* NULL: without */
    struct http *http;
};

#endif
