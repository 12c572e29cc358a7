"""GStreamer's RTSP server as a peer that is not ours.

Usage: gstreamer-rtsp-server.py PORT PIPELINE [basic|digest USER PASSWORD]

Serves PIPELINE (a bin with an element named pay0) at /cam; PORT 0 is any free one. Prints "ready PORT" when it
listens. Needs Debian's python3-gi, gir1.2-gst-rtsp-server-1.0 and gstreamer1.0-plugins-{base,good,bad,ugly}.
"""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

ROLE = "viewer"


def protect(server, factory, scheme, user, password):
    auth = GstRtspServer.RTSPAuth()
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", ROLE)
    if scheme == "digest":
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        auth.add_digest(user, password, token)
    else:
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.BASIC)
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    server.set_auth(auth)
    permissions = GstRtspServer.RTSPPermissions()
    permissions.add_permission_for_role(ROLE, "media.factory.access", True)
    permissions.add_permission_for_role(ROLE, "media.factory.construct", True)
    factory.set_permissions(permissions)


Gst.init(None)
port, pipeline, *credentials = sys.argv[1:]
server = GstRtspServer.RTSPServer()
server.set_service(port)
server.set_address("127.0.0.1")
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch(pipeline)
factory.set_shared(True)
if credentials:
    protect(server, factory, *credentials)
server.get_mount_points().add_factory("/cam", factory)
if server.attach(None) == 0:
    sys.exit(f"port {port} cannot be had")
print("ready", server.get_bound_port(), flush=True)
GLib.MainLoop().run()
