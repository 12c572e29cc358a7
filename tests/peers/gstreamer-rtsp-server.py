"""GStreamer's RTSP server as a peer that is not ours.

Usage: gstreamer-rtsp-server.py OPTIONS, a JSON object:

  port         0 is any free one
  pipeline     a bin with elements named pay0, pay1, ..., served at /cam
  credentials  {"scheme": "basic" or "digest", "username", "password"}
  certificate  a PEM file with certificate and key: speaks TLS
  transport    "tcp" or "udp": the only one that SETUP grants
  record       a bin with an element named depay0, that takes what is pushed to /push

Prints "ready PORT" when it listens. Needs Debian's python3-gi, gir1.2-gst-rtsp-server-1.0, glib-networking for TLS, and
gstreamer1.0-plugins-{base,good,bad,ugly}.
"""

import json
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gio, GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

ROLE = "viewer"
TRANSPORTS = {"tcp": GstRtsp.RTSPLowerTrans.TCP, "udp": GstRtsp.RTSPLowerTrans.UDP}


def protect(auth, factory, scheme, username, password):
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", ROLE)
    if scheme == "digest":
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        auth.add_digest(username, password, token)
    else:
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.BASIC)
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(username, password), token)
    permissions = GstRtspServer.RTSPPermissions()
    permissions.add_permission_for_role(ROLE, "media.factory.access", True)
    permissions.add_permission_for_role(ROLE, "media.factory.construct", True)
    factory.set_permissions(permissions)


def factory_of(pipeline):
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(pipeline)
    factory.set_shared(True)
    return factory


Gst.init(None)
options = json.loads(sys.argv[1])
server = GstRtspServer.RTSPServer()
server.set_service(str(options.get("port", 0)))
server.set_address("127.0.0.1")
factory = factory_of(options["pipeline"])
if "transport" in options:
    factory.set_protocols(TRANSPORTS[options["transport"]])
if "credentials" in options or "certificate" in options:
    auth = GstRtspServer.RTSPAuth()
    if "credentials" in options:
        protect(auth, factory, **options["credentials"])
    else:
        everybody = GstRtspServer.RTSPToken()
        everybody.set_string("media.factory.role", "everybody")
        auth.set_default_token(everybody)
        permissions = GstRtspServer.RTSPPermissions()
        permissions.add_permission_for_role("everybody", "media.factory.access", True)
        permissions.add_permission_for_role("everybody", "media.factory.construct", True)
        factory.set_permissions(permissions)
    if "certificate" in options:
        auth.set_tls_certificate(Gio.TlsCertificate.new_from_file(options["certificate"]))
    server.set_auth(auth)
server.get_mount_points().add_factory("/cam", factory)
if "record" in options:
    taking = factory_of(options["record"])
    taking.set_transport_mode(GstRtspServer.RTSPTransportMode.RECORD)
    server.get_mount_points().add_factory("/push", taking)
if server.attach(None) == 0:
    sys.exit(f"port {options.get('port')} cannot be had")
print("ready", server.get_bound_port(), flush=True)
GLib.MainLoop().run()
