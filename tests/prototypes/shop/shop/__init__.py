import logging
import os

from flask import Flask

from .models import close_db, init_db

logger = logging.getLogger(__name__)


def create_app(config=None):
    app = Flask(__name__)
    app.config['SECRET_KEY'] = os.environ.get('SECRET_KEY') or 'shop-dev-key-2024'
    app.config['DATABASE'] = os.environ.get('SHOP_DATABASE', 'shop.db')
    if config:
        app.config.update(config)

    from .orders import bp as orders_bp
    from .pages import bp as pages_bp

    app.register_blueprint(orders_bp, url_prefix='/api/orders')
    app.register_blueprint(pages_bp)
    app.teardown_appcontext(close_db)

    with app.app_context():
        init_db()
    logger.info(f"Shop started with {len(app.blueprints)} blueprints")
    return app
