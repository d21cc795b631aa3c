"""Every message that crosses a service boundary, one module (or package) per owner."""
